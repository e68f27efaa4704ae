"""The ingest service's settings; every field is also ``ECOPARK_INGEST_<FIELD>``."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

Required = Annotated[str, Meta(min_length=1)]


class IngestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where readings come from, where they go, and how much is taken at a time."""

    park_folder: Required
    mqtt_url: Required
    mqtt_username: str = ""
    mqtt_password: str = ""
    mqtt_ca_file: str = ""
    mqtt_client_id: Required = "ecopark-ingest"
    store_url: Required
    store_token: str = ""
    state_path: Required
    http_host: Required = "127.0.0.1"
    http_port: Annotated[int, Meta(ge=0, le=65_535)] = 8080
    http_sources_file: str = ""
    """TOML file of the sources that may send readings over HTTP; empty: none may."""
    sparkplug_host_id: Annotated[str, Meta(pattern=r"^[^/+#]+$", max_length=200)] = "ecopark"
    """Who we are in ``spBv1.0/STATE/{id}``, when the register has a ``sparkplug.csv``."""
    receive_maximum: Annotated[int, Meta(ge=1, le=65_535)] = 200
    """Messages in flight from the broker, unacknowledged: the bound of everything held in memory."""
    batch_max_records: Annotated[int, Meta(ge=1, le=1_000_000)] = 5000
    batch_max_age_seconds: Annotated[float, Meta(gt=0, le=60)] = 0.2
    resend_grace_seconds: Annotated[float, Meta(gt=0, le=3600)] = 5.0
    """A batch that is missing while later ones are stored is asked for again after this time."""
    quarantine_max_records: Annotated[int, Meta(ge=1)] = 200_000
    """The oldest refused records beyond this are dropped, counted and logged."""

    stuck_after_seconds: Annotated[float, Meta(gt=0, le=3600)] = 60.0
    """Not ready when one round of readings takes longer than this."""
    clock_skew_seconds: Annotated[float, Meta(gt=0, le=300)] = 30.0
    """A gateway whose clock differs from ours by more than this is reported and flagged."""

    @property
    def state_file(self) -> Path:
        """The SQLite file that holds cursors, counts, ledger and quarantine."""
        return Path(self.state_path)
