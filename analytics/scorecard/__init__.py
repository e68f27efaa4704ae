"""The eco-park scorecard: what a certification asks, cell by cell, and what is missing to pass."""
