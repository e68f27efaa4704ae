"""What is written to the store: readings on the hot path, records (findings, indicators, ledger) beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from telemetry_model.park_register import MeasuringPoint

FieldValue = float | int | str | bool


@dataclass(frozen=True, slots=True, eq=False)
class PointSeries:
    """Where one point's readings go; one object per point, built once from the register and shared by its rows."""

    measurement: str
    field: str
    device: str
    park: str
    point: str
    tenant: str
    zone: str

    @classmethod
    def of(cls, point: MeasuringPoint, park: str) -> "PointSeries":
        """The series of a registered point."""
        return cls(point.medium.value, point.field_name, point.device, park, point.id, point.tenant, point.zone)

    def tags(self) -> dict[str, str]:
        """Tag names and values in the order they are written."""
        return {
            "device": self.device, "park": self.park, "point": self.point, "tenant": self.tenant, "zone": self.zone,
        }  # fmt: skip


class ReadingRow(msgspec.Struct, frozen=True, gc=False):
    """One reading on its way to the store; ``value`` in the series' unit, ``time_ms`` is measured-at in UTC.

    ``reason=""`` takes back a reason stored earlier for the same point and time.
    """

    series: PointSeries
    time_ms: int
    value: float | None
    status: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One finding, indicator or ledger line: any mix of typed fields."""

    measurement: str
    tags: Mapping[str, str]
    time_ms: int
    fields: Mapping[str, FieldValue]


class RejectReason(StrEnum):
    """Why the database will never take a row; a closed list."""

    TYPE_CONFLICT = "store_type_conflict"
    MALFORMED = "store_malformed"
    OUT_OF_RETENTION = "store_out_of_retention"
    OTHER = "store_refused"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row refused for good."""

    index: int
    reason: RejectReason
    detail: str


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What became of each row of a write: every index is accepted, rejected for good, or kept to retry.

    ``kept_detail`` says why rows were kept; ``retry_after_seconds`` is the database's own hint, if it gave one.
    """

    total: int
    rejected: tuple[Rejection, ...] = ()
    kept: tuple[int, ...] = ()
    kept_detail: str = ""
    retry_after_seconds: float | None = None

    @property
    def accepted(self) -> int:
        """How many rows the database holds durably."""
        return self.total - len(self.rejected) - len(self.kept)
