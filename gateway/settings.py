"""The gateway's settings; units are in the names."""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway of one park; every field can also be set as ``ECOPARK_GATEWAY_<FIELD>``."""

    park_folder: str
    gateway: Annotated[str, msgspec.Meta(min_length=1)]
    """Which gateway of ``devices.csv`` this is; also its MQTT client id."""
    mqtt_url: str
    outbox_path: Annotated[str, msgspec.Meta(min_length=1)]
    mqtt_username: str = ""
    mqtt_password: str = ""
    mqtt_ca_file: str = ""
    batch_max_readings: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 200
    batch_max_age_seconds: Positive = 1.0
    window_batches: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    """At most so many batches are sent and not yet stored: the backlog stays in the outbox, not in the broker."""
    resend_after_seconds: Positive = 5.0
    """Standstill of the stored cursor after which what was sent goes again; doubles while ingest stays silent."""
    resend_batches_per_second: Positive = 200.0
    """How fast stored batches go again when ingest asks for them: beside live sending, not instead of it."""
    outbox_max_mb: Annotated[int, msgspec.Meta(ge=1)] = 4000
    outbox_max_age_days: Annotated[int, msgspec.Meta(ge=1)] = 60
    health_interval_seconds: Positive = 10.0
    stop_grace_seconds: Positive = 5.0
    """How long a stopped gateway waits for its last readings to be stored; they stay in the outbox anyway."""
    profiles_folder: str = ""
    """Your own device profiles, beside the built-in ones."""
