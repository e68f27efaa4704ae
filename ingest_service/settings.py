"""The ingest service's settings; every field is also ``ECOPARK_INGEST_<FIELD>``."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from ingest_service.state.place import PostgresPlace, SqliteFile, StatePlace

Required = Annotated[str, Meta(min_length=1)]
DEFAULT_CLIENT_ID = "ecopark-ingest"


class IngestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where readings come from, where they go, and how much is taken at a time."""

    park_folder: Required
    mqtt_url: Required
    mqtt_username: str = ""
    mqtt_password: str = ""
    mqtt_ca_file: str = ""
    mqtt_client_id: Required = DEFAULT_CLIENT_ID
    store_url: Required
    store_token: str = ""
    state_path: str = ""
    """SQLite file for cursors, counts, ledger and quarantine of one ingest; or ``state_url``, for replicas."""
    state_url: str = ""
    """``postgresql://user@host:5432/database``, with libpq's options; the password is a setting of its own."""
    state_password: str = ""
    mqtt_share_group: Annotated[str, Meta(pattern=r"^[^/+#]*$", max_length=100)] = ""
    """Replicas with the same group share the readings (``$share/{group}/…``); empty: this ingest takes them all."""
    mqtt_share_expiry_seconds: Annotated[int, Meta(ge=1, le=604_800)] = 120
    """How long the broker keeps the share of a replica that is away, before the others get what comes."""
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

    def __post_init__(self) -> None:
        """``ValueError`` for settings that exclude each other."""
        if bool(self.state_path) == bool(self.state_url):
            raise ValueError("set either state_path (a file, one ingest) or state_url (PostgreSQL, also replicas)")
        if not self.mqtt_share_group:
            return
        if not self.state_url:
            raise ValueError("mqtt_share_group: replicas need their state in PostgreSQL (state_url)")
        if self.mqtt_client_id == DEFAULT_CLIENT_ID:
            raise ValueError(
                "mqtt_client_id: every replica of a share group needs one of its own, the same at each start"
            )
        if self.store_url.startswith("sqlite:"):
            raise ValueError("mqtt_share_group: replicas need a store they can all reach, and a SQLite file is not one")

    @property
    def state_place(self) -> StatePlace:
        """Where the state lies; raises ``OperatorError`` for a URL that is none."""
        return PostgresPlace(self.state_url, self.state_password) if self.state_url else SqliteFile(self.state_file)

    @property
    def state_file(self) -> Path:
        """The SQLite file, when there is one."""
        return Path(self.state_path)
