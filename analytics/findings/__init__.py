"""Verdicts as they are kept: rows, revisions, and what is summed up from them."""
