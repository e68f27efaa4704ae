"""The quantities a point may measure: their unit, what is physically possible, and how they add up.

Sign rule: power and energy are positive when they flow *into* the consumer; generation points (PV, CHP) are
positive when they generate. Flows are positive in the normal direction of flow.
"""

from enum import StrEnum
from typing import NamedTuple

from telemetry_model.units import UNIT_SUFFIX


class Medium(StrEnum):
    """What is measured; also the name of the store's measurement."""

    ENERGY = "energy"
    WATER = "water"
    WASTEWATER = "wastewater"
    EMISSIONS = "emissions"
    AIR = "air"
    MATERIALS = "materials"
    WEATHER = "weather"


class Kind(StrEnum):
    """How values of a quantity combine over time."""

    GAUGE = "gauge"
    """An instantaneous value: averaged."""
    COUNTER = "counter"
    """A register that only grows (roll-over and exchange apart): differenced."""
    INTERVAL = "interval"
    """An amount per interval, stamped at the interval's end: summed."""


class Quantity(NamedTuple):
    """One row of the vocabulary; ``low`` and ``high`` bound what is physically possible, in ``unit``."""

    name: str
    unit: str
    kind: Kind
    low: float
    high: float
    title_vi: str
    title_en: str

    def field_name(self, unit: str) -> str:
        """The stored field: the quantity with its unit in the name, e.g. ``active_power_kw``."""
        suffix = UNIT_SUFFIX[unit]
        return f"{self.name}_{suffix}" if suffix else self.name


G, C, I = Kind.GAUGE, Kind.COUNTER, Kind.INTERVAL  # noqa: E741 - one letter keeps the table readable
_ANY = 1e12

_TABLE: dict[Medium, tuple[Quantity, ...]] = {
    Medium.ENERGY: (
        Quantity("active_power", "kW", G, -1e6, 1e6, "Công suất tác dụng", "Active power"),
        Quantity("reactive_power", "kvar", G, -1e6, 1e6, "Công suất phản kháng", "Reactive power"),
        Quantity("apparent_power", "kVA", G, 0, 1e6, "Công suất biểu kiến", "Apparent power"),
        Quantity("active_energy_import", "kWh", C, 0, _ANY, "Điện năng tác dụng nhận", "Active energy, import"),
        Quantity("active_energy_export", "kWh", C, 0, _ANY, "Điện năng tác dụng phát", "Active energy, export"),
        Quantity("reactive_energy_import", "kvarh", C, 0, _ANY, "Điện năng phản kháng nhận", "Reactive energy, import"),
        Quantity("active_energy_interval", "kWh", I, 0, 1e6, "Điện năng theo chu kỳ", "Active energy per interval"),
        Quantity(
            "reactive_energy_interval",
            "kvarh",
            I,
            0,
            1e6,
            "Điện năng phản kháng theo chu kỳ",
            "Reactive energy per interval",
        ),
        Quantity("power_factor", "1", G, -1, 1, "Hệ số công suất", "Power factor"),
        Quantity("voltage", "V", G, 0, 500_000, "Điện áp", "Voltage"),
        Quantity("current", "A", G, -1e5, 1e5, "Dòng điện", "Current"),
        Quantity("frequency", "Hz", G, 40, 70, "Tần số", "Frequency"),
        Quantity("gas_flow", "Nm3/h", G, 0, 1e6, "Lưu lượng khí đốt", "Fuel gas flow"),
    ),
    Medium.WATER: (
        Quantity("flow", "m3/h", G, -1e5, 1e5, "Lưu lượng", "Flow"),
        Quantity("volume", "m3", C, 0, _ANY, "Thể tích tích lũy", "Volume"),
        Quantity("pressure", "bar", G, 0, 100, "Áp suất", "Pressure"),
    ),
    Medium.WASTEWATER: (
        Quantity("flow", "m3/h", G, 0, 1e5, "Lưu lượng nước thải", "Wastewater flow"),
        Quantity("volume", "m3", C, 0, _ANY, "Thể tích nước thải", "Wastewater volume"),
        Quantity("cod", "mg/l", G, 0, 100_000, "COD", "COD"),
        Quantity("bod5", "mg/l", G, 0, 100_000, "BOD5", "BOD5"),
        Quantity("nh4_n", "mg/l", G, 0, 5_000, "Amoni (tính theo N)", "Ammonium-N"),
        Quantity("no3_n", "mg/l", G, 0, 5_000, "Nitrat (tính theo N)", "Nitrate-N"),
        Quantity("po4_p", "mg/l", G, 0, 5_000, "Photphat (tính theo P)", "Phosphate-P"),
        Quantity("total_n", "mg/l", G, 0, 10_000, "Tổng nitơ", "Total nitrogen"),
        Quantity("total_p", "mg/l", G, 0, 5_000, "Tổng photpho", "Total phosphorus"),
        Quantity("tss", "mg/l", G, 0, 100_000, "Tổng chất rắn lơ lửng", "Total suspended solids"),
        Quantity("ph", "pH", G, 0, 14, "pH", "pH"),
        Quantity("temperature", "degC", G, 0, 100, "Nhiệt độ", "Temperature"),
        Quantity("dissolved_oxygen", "mg/l", G, 0, 50, "Oxy hòa tan", "Dissolved oxygen"),
        Quantity("conductivity", "mS/cm", G, 0, 500, "Độ dẫn điện", "Conductivity"),
        Quantity("turbidity", "NTU", G, 0, 10_000, "Độ đục", "Turbidity"),
        Quantity("colour", "Pt-Co", G, 0, 10_000, "Độ màu", "Colour"),
        Quantity("arsenic", "mg/l", G, 0, 1_000, "Asen (As)", "Arsenic (As)"),
        Quantity("mercury", "mg/l", G, 0, 1_000, "Thủy ngân (Hg)", "Mercury (Hg)"),
        Quantity("lead", "mg/l", G, 0, 1_000, "Chì (Pb)", "Lead (Pb)"),
        Quantity("cadmium", "mg/l", G, 0, 1_000, "Cadimi (Cd)", "Cadmium (Cd)"),
        Quantity("chromium_6", "mg/l", G, 0, 1_000, "Crom VI", "Chromium(VI)"),
        Quantity("chromium_3", "mg/l", G, 0, 1_000, "Crom III", "Chromium(III)"),
        Quantity("copper", "mg/l", G, 0, 1_000, "Đồng (Cu)", "Copper (Cu)"),
        Quantity("zinc", "mg/l", G, 0, 1_000, "Kẽm (Zn)", "Zinc (Zn)"),
        Quantity("nickel", "mg/l", G, 0, 1_000, "Niken (Ni)", "Nickel (Ni)"),
        Quantity("manganese", "mg/l", G, 0, 1_000, "Mangan (Mn)", "Manganese (Mn)"),
        Quantity("iron", "mg/l", G, 0, 10_000, "Sắt (Fe)", "Iron (Fe)"),
        Quantity("cyanide", "mg/l", G, 0, 1_000, "Tổng xianua", "Total cyanide"),
        Quantity("phenol", "mg/l", G, 0, 10_000, "Tổng phenol", "Total phenol"),
        Quantity("mineral_oil", "mg/l", G, 0, 100_000, "Tổng dầu mỡ khoáng", "Mineral oil and grease"),
        Quantity("sulfide", "mg/l", G, 0, 1_000, "Sunfua", "Sulfide"),
        Quantity("fluoride", "mg/l", G, 0, 10_000, "Florua", "Fluoride"),
        Quantity("chloride", "mg/l", G, 0, 100_000, "Clorua", "Chloride"),
        Quantity("residual_chlorine", "mg/l", G, 0, 1_000, "Clo dư", "Residual chlorine"),
        Quantity("organochlorine", "mg/l", G, 0, 1_000, "Thuốc BVTV clo hữu cơ", "Organochlorine pesticides"),
        Quantity("organophosphate", "mg/l", G, 0, 1_000, "Thuốc BVTV photpho hữu cơ", "Organophosphate pesticides"),
        Quantity("pcb", "mg/l", G, 0, 1_000, "Tổng PCB", "Total PCB"),
        Quantity("coliform", "MPN/100ml", G, 0, 1e9, "Coliform", "Coliform"),
        Quantity("gross_alpha", "Bq/l", G, 0, 1e6, "Tổng hoạt độ phóng xạ α", "Gross alpha activity"),
        Quantity("gross_beta", "Bq/l", G, 0, 1e6, "Tổng hoạt độ phóng xạ β", "Gross beta activity"),
    ),
    Medium.EMISSIONS: (
        Quantity("nox", "mg/Nm3", G, 0, 10_000, "NOx (theo NO2)", "NOx (as NO2)"),
        Quantity("co", "mg/Nm3", G, 0, 50_000, "CO", "CO"),
        Quantity("so2", "mg/Nm3", G, 0, 20_000, "SO2", "SO2"),
        Quantity("dust", "mg/Nm3", G, 0, 10_000, "Bụi tổng", "Dust"),
        Quantity("oxygen", "%", G, 0, 25, "O2 trong khí thải", "Oxygen in flue gas"),
        Quantity("stack_flow", "Nm3/h", G, 0, 1e7, "Lưu lượng khí thải", "Flue gas flow"),
        Quantity("stack_temperature", "degC", G, -50, 1_500, "Nhiệt độ khí thải", "Flue gas temperature"),
        Quantity("stack_pressure", "kPa", G, -50, 500, "Áp suất khí thải", "Flue gas pressure"),
    ),
    Medium.AIR: (
        Quantity("pm2_5", "ug/m3", G, 0, 5_000, "Bụi PM2.5", "PM2.5"),
        Quantity("pm10", "ug/m3", G, 0, 10_000, "Bụi PM10", "PM10"),
        Quantity("no2", "ug/m3", G, 0, 5_000, "NO2", "NO2"),
        Quantity("so2", "ug/m3", G, 0, 5_000, "SO2", "SO2"),
        Quantity("co", "ug/m3", G, 0, 100_000, "CO", "CO"),
        Quantity("o3", "ug/m3", G, 0, 5_000, "O3", "O3"),
        Quantity("tsp", "ug/m3", G, 0, 20_000, "Tổng bụi lơ lửng (TSP)", "Total suspended particulates (TSP)"),
        Quantity("lead", "ug/m3", G, 0, 1_000, "Chì (Pb)", "Lead (Pb)"),
    ),
    Medium.MATERIALS: (
        Quantity("mass", "t", C, 0, _ANY, "Khối lượng tích lũy", "Mass, cumulative"),
        Quantity("mass_interval", "t", I, 0, 1e6, "Khối lượng theo chuyến", "Mass per weighing"),
        Quantity("produced_items", "items", C, 0, _ANY, "Sản phẩm", "Items produced"),
        Quantity("produced_items_interval", "items", I, 0, 1e9, "Sản phẩm theo chu kỳ", "Items produced per interval"),
    ),
    Medium.WEATHER: (
        Quantity("temperature", "degC", G, -60, 70, "Nhiệt độ không khí", "Air temperature"),
        Quantity("humidity", "%", G, 0, 100, "Độ ẩm", "Relative humidity"),
        Quantity("pressure", "hPa", G, 800, 1_100, "Khí áp", "Air pressure"),
        Quantity("irradiance", "W/m2", G, 0, 1_600, "Bức xạ mặt trời", "Irradiance"),
        Quantity("wind_speed", "m/s", G, 0, 90, "Tốc độ gió", "Wind speed"),
        Quantity("rain", "mm", I, 0, 500, "Lượng mưa", "Rain"),
    ),
}

QUANTITIES: dict[tuple[Medium, str], Quantity] = {(m, q.name): q for m, row in _TABLE.items() for q in row}
"""Every quantity by medium and name."""
