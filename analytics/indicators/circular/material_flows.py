"""Material and waste flows by code: totals, what is kept from landfill, and how much of the input is secondary."""

import csv
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, measured, not_negative, share_percent
from service_runtime.errors import OperatorError

T = TypeVar("T")
COLUMNS = ("date", "tenant", "code_system", "code", "mass_t", "destination", "is_hazardous")
_DIVERSION = Basis(
    "Circular 05/2025/TT-BKHDT, forms A.4 and B.4 (waste diverted)",
    Confidence.SETTING,
    "reuse, recycling and biological treatment count as diverted; energy recovery does not; an unknown destination "
    "counts as not diverted",
)
_SECONDARY = Basis("Circular 05/2025/TT-BKHDT, forms A.4 and B.4 (secondary material)", Confidence.SETTING)


class Destination(StrEnum):
    """What becomes of a waste."""

    REUSE = "reuse"
    RECYCLING = "recycling"
    BIOLOGICAL = "biological"
    ENERGY = "energy"
    INCINERATION = "incineration"
    LANDFILL = "landfill"
    UNKNOWN = "unknown"

    @property
    def is_diverted(self) -> bool:
        """Whether the material goes on being used."""
        return self in (Destination.REUSE, Destination.RECYCLING, Destination.BIOLOGICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class WasteFlow:
    """One load of waste; a code means nothing without its ``code_system`` (``ewc``, ``tt02-2022`` ...)."""

    day: date
    tenant: str
    code_system: str
    code: str
    mass_t: float
    destination: Destination
    is_hazardous: bool


def parse_manifests(text: str, file: str) -> list[WasteFlow]:
    """Waste manifests from CSV with the header of ``COLUMNS``; codes are text, leading zeros stay.

    ``destination`` may be empty (unknown); ``is_hazardous`` is ``yes`` or ``no``. Raises :class:`OperatorError` naming
    ``file``, row and column of the first mistake.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise OperatorError(f"{file}: column '{missing[0]}' is missing")
    return [_flow(row, f"{file} row {number}") for number, row in enumerate(rows, start=2)]


def mass_by_code_t(flows: Iterable[WasteFlow]) -> dict[tuple[str, str], float]:
    """Mass [t] by code system and code, in the order of both."""
    masses: dict[tuple[str, str], list[float]] = {}
    for flow in flows:
        masses.setdefault((flow.code_system, flow.code), []).append(flow.mass_t)
    return {key: math.fsum(parts) for key, parts in sorted(masses.items())}


def diversion_share(flows: Iterable[WasteFlow]) -> IndicatorValue:
    """Share [%] of the waste mass [t] that is reused, recycled or treated biologically."""
    return _share(list(flows), lambda destination: destination.is_diverted)


def landfill_share(flows: Iterable[WasteFlow]) -> IndicatorValue:
    """Share [%] of the waste mass [t] that goes to landfill."""
    return _share(list(flows), lambda destination: destination is Destination.LANDFILL)


def secondary_material_share(secondary_t: Amount, primary_t: Amount) -> IndicatorValue:
    """Share [%] of secondary material [t] in all material input, ``primary_t`` [t] being the rest."""
    not_negative(secondary_t=secondary_t, primary_t=primary_t)
    if measured(secondary_t).value + measured(primary_t).value == 0:
        return untold("%", _SECONDARY, "no material was used")
    inputs = {"secondary_t": secondary_t, "primary_t": primary_t}
    return share_percent(secondary_t, primary_t).report("%", _SECONDARY, inputs)


def _share(flows: list[WasteFlow], counts: Callable[[Destination], bool]) -> IndicatorValue:
    if any(flow.mass_t < 0 for flow in flows):
        raise ValueError("a waste mass cannot be negative")
    whole = math.fsum(flow.mass_t for flow in flows)
    unknown = math.fsum(flow.mass_t for flow in flows if flow.destination is Destination.UNKNOWN)
    inputs: dict[str, float | str] = {"waste_t": whole, "unknown_destination_t": unknown}
    if whole == 0:
        return untold("%", _DIVERSION, "no waste is on record", inputs)
    part = math.fsum(flow.mass_t for flow in flows if counts(flow.destination))
    value = min(100.0, 100 * (part / whole))
    known = min(1.0, max(0.0, 1 - unknown / whole))
    return IndicatorValue(value=value, unit="%", basis=_DIVERSION, inputs=inputs, data_capture=known)


def _flow(row: dict[str, str | None], where: str) -> WasteFlow:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in ("tenant", "code_system", "code"):
        if not cells[name]:
            raise OperatorError(f"{where}, column '{name}': is empty")
    return WasteFlow(
        day=_read(cells, "date", where, date.fromisoformat, "a date (YYYY-MM-DD)"),
        tenant=cells["tenant"],
        code_system=cells["code_system"],
        code=cells["code"],
        mass_t=_read(cells, "mass_t", where, _mass, "a mass in tonnes, 0 or more"),
        destination=_read(
            cells | {"destination": cells["destination"] or "unknown"}, "destination", where, Destination,
            f"one of {', '.join(Destination)}",
        ),
        is_hazardous=_read(cells, "is_hazardous", where, _yes, "yes or no"),
    )  # fmt: skip


def _read(cells: dict[str, str], name: str, where: str, convert: Callable[[str], T], wanted: str) -> T:
    try:
        return convert(cells[name])
    except ValueError as error:
        raise OperatorError(f"{where}, column '{name}': '{cells[name]}' is not {wanted}") from error


def _mass(text: str) -> float:
    mass = float(text)
    if not (math.isfinite(mass) and mass >= 0):
        raise ValueError(text)
    return mass


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(text)
    return text == "yes"
