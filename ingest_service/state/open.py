"""Opens the state that the settings name: a file for one ingest, or a database for one or for several replicas."""

from ingest_service.settings import IngestSettings
from ingest_service.state.ingest_state import IngestState
from ingest_service.state.place import PostgresPlace, postgres_connections
from ingest_service.state.state_file import StateFile


def open_ingest_state(settings: IngestSettings) -> IngestState:
    """Raises ``OperatorError`` when the place cannot be used or another ingest uses it that does not share."""
    keep = settings.quarantine_max_records
    place = settings.state_place
    if not isinstance(place, PostgresPlace):
        return StateFile(settings.state_file, keep)
    postgres_connections()
    from ingest_service.state.postgres_session import ReplicaName  # noqa: PLC0415 - an optional extra
    from ingest_service.state.postgres_state import PostgresState  # noqa: PLC0415 - an optional extra

    return PostgresState(place, ReplicaName(settings.mqtt_client_id, bool(settings.mqtt_share_group)), keep)
