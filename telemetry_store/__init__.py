"""The one boundary to a time-series database: one protocol, an InfluxDB backend, an embedded SQLite backend.

Same series and same time is the same row, so writing a batch twice changes nothing. :func:`open_store` picks the
backend from a URL: ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``influxdb://host:8086/bucket?org=name``
(``influxdbs://`` for TLS).
"""
