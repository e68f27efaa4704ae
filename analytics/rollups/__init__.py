"""Hourly and daily sums of the readings, kept beside them, so that a year can be shown and judged at once."""
