"""The park register: who is in the park, what is measured where, and whom to tell.

A park is a folder an operator edits in a spreadsheet: ``park.toml``, ``tenants.csv``, ``points.csv``,
and where they apply ``contacts.csv``, ``devices.csv``, ``symbiosis.csv``, ``topics.csv``, ``sparkplug.csv``,
``evidence.csv`` and the tables of dated records (:mod:`telemetry_model.park_register.records`).
:func:`parse_park` takes their texts and returns a :class:`Park`, or raises :class:`RegisterError` with *every*
problem, each with file, row and column.
"""

from telemetry_model.park_register.dated import AttributeChange, DatedAttributes, Era
from telemetry_model.park_register.parse import REQUIRED_FILES, parse_park
from telemetry_model.park_register.problems import RegisterError, RegisterProblem
from telemetry_model.park_register.records import (
    CircularProduct,
    Destination,
    Direction,
    MaterialLot,
    MeterExchange,
    MonthlyProduction,
    WasteFlow,
)
from telemetry_model.park_register.types import (
    Contact,
    DeviceConnection,
    EvidenceRecord,
    Installation,
    MeasuringPoint,
    Park,
    SparkplugMapping,
    SymbiosisLink,
    Tenant,
    TopicMapping,
)

__all__ = [
    "REQUIRED_FILES",
    "AttributeChange",
    "CircularProduct",
    "Contact",
    "DatedAttributes",
    "Destination",
    "DeviceConnection",
    "Direction",
    "Era",
    "EvidenceRecord",
    "Installation",
    "MaterialLot",
    "MeasuringPoint",
    "MeterExchange",
    "MonthlyProduction",
    "Park",
    "RegisterError",
    "RegisterProblem",
    "SparkplugMapping",
    "SymbiosisLink",
    "Tenant",
    "TopicMapping",
    "WasteFlow",
    "parse_park",
]
