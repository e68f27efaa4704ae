"""What registers of counters show: at a period's edges, over a stretch they share, from half hour to half hour.

Verdicts and indicators both count here, so that they agree to the digit.
"""
