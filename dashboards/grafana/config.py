"""What every generated dashboard shares: ids, datasource, tags, refresh, default range."""

DATASOURCE_TYPE = "influxdb"
DATASOURCE_UID = "ecopark"
"""The uid of the datasource provisioned by ``deploy/grafana/datasources``."""
UID_PREFIX = "ecopark"
TAGS = ("ecopark", "generated")
REFRESH = "30s"
DEFAULT_FROM, DEFAULT_TO = "now-24h", "now"
LIMITS_DAY_TAG = "limits-"
"""A tag ``limits-2026-11-23`` says as of which day the limit lines were taken from the rulebook."""
TENANT_VARIABLE = "tenant"
MINIMUM_INTERVAL = "2m"
"""Points report once a minute: shorter buckets would show gaps that are none. Slower points need longer ones."""
SHARE_DECIMALS = 2
"""Shares are cut off behind these, never rounded up: what is not whole is not shown as 100 %."""
RED, AMBER, GREEN, GREY = "#c62828", "#b26a00", "#2e7d32", "#b0bec5"
