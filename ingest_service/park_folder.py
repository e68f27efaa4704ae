"""The park register from its folder."""

from pathlib import Path

from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park


def load_park(folder: str) -> Park:
    """The register; raises ``OperatorError`` or ``RegisterError`` naming what is wrong."""
    return parse_park(read_text_folder(Path(folder)))
