"""Named questions to the store. Each takes a :class:`QueryScope` and returns one ``SeriesQuery``.

The console answers the query object itself, Grafana gets it rendered as InfluxQL: one question, one set of numbers.
"""
