"""How a firm of each sector behaves: shifts, load, reactive power, water, effluent and waste, one row a sector."""

from typing import NamedTuple

from service_runtime.errors import OperatorError
from simulators.plant_models.calendar import Moment

RAMP_MINUTES = 30


class Sector(NamedTuple):
    """One row. Per-MW figures are per megawatt of contracted supply."""

    base_share: float
    """Load that stays when nobody works, as a share of the peak."""
    shifts: tuple[tuple[float, float, float], ...]
    """Working hours of a weekday: from hour, to hour, level 0-1."""
    saturday: float
    """Saturday's level relative to a weekday."""
    sunday: float
    cycle_minutes: int
    """Length of a batch or heat that makes the load rise and fall; 0 for none."""
    power_factor: float
    water_m3_h_per_mw: float
    wastewater_share: float
    """Share of the water that leaves as wastewater; the rest evaporates or leaves in the product."""
    cod_mg_l: float
    waste_t_per_shift_per_mw: float


DAY = ((7.5, 17.5, 1.0),)
TWO_SHIFTS = ((6.0, 14.0, 1.0), (14.0, 22.0, 0.9))
ROUND_THE_CLOCK = ((0.0, 6.0, 0.86), (6.0, 14.0, 1.0), (14.0, 22.0, 0.96), (22.0, 24.0, 0.86))

SECTORS: dict[str, Sector] = {
    "steel": Sector(0.18, ROUND_THE_CLOCK, 0.97, 0.85, 50, 0.935, 5.6, 0.45, 70, 1.9),
    "electronics": Sector(0.42, ROUND_THE_CLOCK, 0.95, 0.80, 0, 0.968, 10.5, 0.78, 85, 0.35),
    "plastics": Sector(0.22, TWO_SHIFTS, 0.85, 0.30, 35, 0.952, 4.0, 0.60, 75, 0.9),
    "food": Sector(0.38, TWO_SHIFTS, 1.0, 0.60, 0, 0.957, 19.0, 0.82, 112, 2.2),
    "tyres": Sector(0.25, ROUND_THE_CLOCK, 0.95, 0.70, 28, 0.948, 5.2, 0.50, 80, 0.8),
    "textile": Sector(0.16, TWO_SHIFTS, 0.90, 0.35, 0, 0.949, 21.0, 0.88, 118, 0.7),
    "chemicals": Sector(0.45, ROUND_THE_CLOCK, 1.0, 0.95, 75, 0.956, 11.0, 0.68, 104, 0.6),
    "machinery": Sector(0.12, DAY, 0.60, 0.05, 20, 0.945, 3.6, 0.70, 65, 1.3),
    "logistics": Sector(0.35, TWO_SHIFTS, 0.90, 0.50, 0, 0.961, 3.0, 0.90, 60, 0.8),
    "offices": Sector(0.22, ((8.0, 18.0, 1.0),), 0.35, 0.08, 0, 0.972, 6.5, 0.92, 60, 0.0),
}  # fmt: skip


def sector_named(name: str, tenant: str) -> Sector:
    """The row, or an :class:`OperatorError` that lists the sectors the simulator knows."""
    if name not in SECTORS:
        known = ", ".join(SECTORS)
        raise OperatorError(f"tenants.csv: the simulator has no sector '{name}' (tenant {tenant}; known: {known})")
    return SECTORS[name]


class WorkingHours:
    """How busy a sector is, 0-1, with half-hour ramps at the shift changes."""

    def __init__(self, sector: Sector) -> None:
        weekday = [self._level(sector, slot * RAMP_MINUTES / 60) for slot in range(1440 // RAMP_MINUTES)]
        factors = (1.0, 1.0, 1.0, 1.0, 1.0, sector.saturday, sector.sunday)
        self._levels = [level * factor for factor in factors for level in weekday]

    @staticmethod
    def _level(sector: Sector, hour: float) -> float:
        return max((level for start, end, level in sector.shifts if start <= hour < end), default=0.0)

    def activity(self, moment: Moment) -> float:
        """Level of this minute."""
        slot, step = divmod(moment.weekday * 1440 + moment.minute_of_day, RAMP_MINUTES)
        left = self._levels[slot]
        right = self._levels[(slot + 1) % len(self._levels)]
        return left + (right - left) * step / RAMP_MINUTES
