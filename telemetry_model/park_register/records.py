"""What firms and fitters write down by date: meter exchanges, waste, materials, products and production."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class MeterExchange:
    """The old meter's last value and the new one's first, in the unit of ``point``, as the fitter wrote them down."""

    point: str
    time_ms: int
    last_value: float
    first_value: float
    old_serial: str
    new_serial: str


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
    document: str = ""


class Direction(StrEnum):
    """Whether a lot of material enters a firm or leaves it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLot:
    """A lot of material of ``mass_t`` [t] that a firm took in or let out, and what it is made of, in percent of mass.

    ``renewable_percent`` is virgin renewable content of what enters, and biologically recirculated mass of what leaves.
    """

    day: date
    tenant: str
    direction: Direction
    material: str
    mass_t: float
    reused_percent: float
    recycled_percent: float
    renewable_percent: float
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularProduct:
    """What a year's product is made of and becomes: the inputs of the Material Circularity Indicator, percent of mass.

    ``lifetime_ratio`` and ``use_ratio`` are the product's against the industry average, 1 = average.
    """

    year: int
    tenant: str
    product: str
    mass_t: float
    recycled_in_percent: float
    reused_in_percent: float
    biological_in_percent: float
    recycling_out_percent: float
    reuse_out_percent: float
    composting_out_percent: float
    energy_out_percent: float
    recycling_in_efficiency_percent: float
    recycling_out_efficiency_percent: float
    lifetime_ratio: float
    use_ratio: float
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyProduction:
    """What a firm made in a month (``month`` is its first day), and the energy on its bill where no meter was yet."""

    month: date
    tenant: str
    product: str
    amount: float
    unit: str
    energy_kwh: float | None
    document: str = ""
