"""Tells the generations of InfluxDB apart by what ``/ping`` says, and what each one cannot do for us.

Sources: the reference pages of InfluxDB 1.8, 2.7 and 3 Core; 1.6, 1.8 and VictoriaMetrics were also tried.
"""

import re
from collections.abc import Mapping
from enum import StrEnum


class Generation(StrEnum):
    """What kind of server answers; the value is its name for people."""

    V1_BEFORE_8 = "InfluxDB 1 before 1.8"
    V1 = "InfluxDB 1"
    V2 = "InfluxDB 2"
    V3_CORE = "InfluxDB 3 Core"
    V3 = "InfluxDB 3"
    VICTORIA_METRICS = "VictoriaMetrics"
    UNKNOWN = "unknown InfluxDB"


LACKS: Mapping[Generation, tuple[str, ...]] = {
    Generation.V1_BEFORE_8: (
        "has no /api/v2/write: put a proxy in front that maps it to /write",
        "has no API tokens: keep it behind that proxy or on this machine",
    ),
    Generation.V1: ("has no API tokens: with authentication on, the store token is 'user:password'",),
    Generation.V2: (
        "answers InfluxQL only for a bucket with a DBRP mapping (influx v1 dbrp create --db BUCKET --rp autogen …)",
        "keeps one retention period a bucket, none a measurement",
    ),
    Generation.V3_CORE: (
        "looks at about 72 hours of files in one query: longer ranges come from our hourly and daily rollups",
        "holds at most 5 databases and 2,000 tables",
        "deletes no single rows",
    ),
    Generation.V3: ("deletes no single rows",),
    Generation.VICTORIA_METRICS: ("answers no InfluxQL: ingest can write to it, boards and rules cannot read from it",),
    Generation.UNKNOWN: ("does not say its version: nothing is known of its limits",),
}
"""What ``ecopark doctor`` says of each; a limit that needs no action is named as well."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def generation_of(version: str, build: str = "", server: str = "") -> Generation:
    """From the headers ``X-Influxdb-Version``, ``X-Influxdb-Build`` and, of VictoriaMetrics, ``X-Server-Hostname``."""
    found = _VERSION.match(version)
    if found is None:
        return Generation.VICTORIA_METRICS if server and not build else Generation.UNKNOWN
    major, minor = int(found[1]), int(found[2])
    if major == 1:
        return Generation.V1_BEFORE_8 if minor < 8 else Generation.V1
    if major == 2:
        return Generation.V2
    if major == 3:
        return Generation.V3_CORE if "core" in build.lower() else Generation.V3
    return Generation.UNKNOWN
