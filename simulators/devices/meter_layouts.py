"""Register tables of the electricity meters and PV inverters, from their makers' published lists."""

from simulators.devices.derived_signals import PHASES
from simulators.devices.encoding import Register, WordOrder
from simulators.devices.layout import RegisterLayout, StatusWord

K = 0.001
"""Raw watts, vars and watt-hours to the register's kW, kvar and kWh."""
CDAB = WordOrder.CDAB


def _phases(signal: str, kind: str, addresses: tuple[int, int, int], scale: float = 1.0) -> tuple[Register, ...]:
    rows = zip(addresses, PHASES, strict=True)
    return tuple(Register(address, kind, f"{signal}_{phase}", scale) for address, phase in rows)


EASTRON_SDM630 = RegisterLayout(
    name="eastron-sdm630",
    function_codes=(4,),
    registers=(
        Register(0, "f32", "voltage"),
        *_phases("voltage", "f32", (0, 2, 4)),
        Register(6, "f32", "current"),
        *_phases("current", "f32", (6, 8, 10)),
        *_phases("active_power", "f32", (12, 14, 16), K),
        *_phases("reactive_power", "f32", (24, 26, 28), K),
        Register(52, "f32", "active_power", K),
        Register(56, "f32", "apparent_power", K),
        Register(60, "f32", "reactive_power", K),
        Register(62, "f32", "power_factor"),
        Register(70, "f32", "frequency"),
        Register(72, "f32", "active_energy_import"),
        Register(74, "f32", "active_energy_export"),
        Register(76, "f32", "reactive_energy_import"),
        Register(342, "f32", "active_energy_import"),
        Register(344, "f32", "reactive_energy_import"),
    ),
)
SCHNEIDER_IEM3000 = RegisterLayout(
    name="schneider-iem3000",
    function_codes=(3,),
    registers=(
        *_phases("current", "f32", (2999, 3001, 3003)),
        Register(3009, "f32", "current"),
        *_phases("voltage", "f32", (3027, 3029, 3031)),
        Register(3035, "f32", "voltage"),
        *_phases("active_power", "f32", (3053, 3055, 3057)),
        Register(3059, "f32", "active_power"),
        Register(3067, "f32", "reactive_power"),
        Register(3075, "f32", "apparent_power"),
        Register(3109, "f32", "frequency"),
        Register(3203, "i64", "active_energy_import", K, counts=True),
        Register(3207, "i64", "active_energy_export", K, counts=True),
        Register(3219, "i64", "reactive_energy_import", K, counts=True),
    ),
)
SIEMENS_PAC2200 = RegisterLayout(
    name="siemens-pac2200",
    function_codes=(3, 4),
    registers=(
        Register(1, "f32", "voltage"),
        *_phases("voltage", "f32", (1, 3, 5)),
        *_phases("current", "f32", (13, 15, 17)),
        *_phases("active_power", "f32", (25, 27, 29), K),
        *_phases("reactive_power", "f32", (31, 33, 35), K),
        Register(61, "f32", "current"),
        Register(63, "f32", "apparent_power", K),
        Register(65, "f32", "active_power", K),
        Register(67, "f32", "reactive_power", K),
        Register(69, "f32", "power_factor"),
        Register(801, "f64", "active_energy_import", K),
        Register(809, "f64", "active_energy_export", K),
    ),
)
JANITZA_UMG604 = RegisterLayout(
    name="janitza-umg604",
    function_codes=(3,),
    registers=(
        Register(1317, "f32", "voltage"),
        *_phases("voltage", "f32", (1317, 1319, 1321)),
        Register(1325, "f32", "current"),
        *_phases("current", "f32", (1325, 1327, 1329)),
        *_phases("active_power", "f32", (1333, 1335, 1337), K),
        *_phases("reactive_power", "f32", (1341, 1343, 1345), K),
        Register(1369, "f32", "active_power", K),
        Register(1371, "f32", "reactive_power", K),
        Register(1439, "f32", "frequency"),
        Register(9851, "f32", "active_energy_import", K),
        Register(9863, "f32", "active_energy_export", K),
    ),
)
ABB_B23 = RegisterLayout(
    name="abb-b23",
    function_codes=(3,),
    highest_means_none=True,
    registers=(
        Register(0x5000, "u64", "active_energy_import", 0.01, counts=True),
        Register(0x5004, "u64", "active_energy_export", 0.01, counts=True),
        Register(0x5B00, "u32", "voltage", 0.1),
        *_phases("voltage", "u32", (0x5B00, 0x5B02, 0x5B04), 0.1),
        Register(0x5B0C, "u32", "current", 0.01),
        *_phases("current", "u32", (0x5B0C, 0x5B0E, 0x5B10), 0.01),
        Register(0x5B14, "i32", "active_power", 0.01 * K),
        *_phases("active_power", "i32", (0x5B16, 0x5B18, 0x5B1A), 0.01 * K),
        Register(0x5B2C, "u16", "frequency", 0.01),
        Register(0x5B3A, "i16", "power_factor", 0.001),
    ),
)
SUNGROW_SG = RegisterLayout(
    name="sungrow-sg",
    function_codes=(4,),
    registers=(
        Register(5003, "u32", "active_energy_import", 1.0, CDAB, counts=True),
        Register(5030, "u32", "active_power", K, CDAB),
    ),
)
HUAWEI_SUN2000 = RegisterLayout(
    name="huawei-sun2000",
    function_codes=(3,),
    highest_means_none=True,
    registers=(
        Register(30073, "u32", "rated_power", K),
        Register(32064, "i32", "active_power", K),
        Register(32080, "i32", "active_power", K),
        Register(32106, "u32", "active_energy_import", 0.01, counts=True),
    ),
)
SUNSPEC_BASE = 40_000
SUNSPEC_MODEL_103 = SUNSPEC_BASE + 70


def _sunspec() -> RegisterLayout:
    """The marker "SunS", model 1 (nameplate, 66 registers), model 103 (50 registers), end mark 0xFFFF."""
    nameplate = b"Ecopark simulator".ljust(32, b"\0") + b"PV-1200".ljust(32, b"\0")
    words = tuple(int.from_bytes(nameplate[i : i + 2], "big") for i in range(0, len(nameplate), 2))
    at, factor = SUNSPEC_MODEL_103, {6: -1, 13: -1, 15: 2, 17: -2, 19: 2, 21: 2, 23: -1, 26: 1}
    return RegisterLayout(
        name="sunspec-103",
        function_codes=(3,),
        statuses=(StatusWord(at + 38, (4, 4, 7)),),
        constants=(
            (SUNSPEC_BASE, (0x5375, 0x6E53, 1, 66, *words)),
            (at, (103, 50)),
            *((at + offset, (exponent & 0xFFFF,)) for offset, exponent in factor.items()),
            (at + 52, (0xFFFF, 0)),
        ),
        registers=(
            Register(at + 2, "u16", "current", 0.1),
            *_phases("current", "u16", (at + 3, at + 4, at + 5), 0.1),
            *_phases("voltage", "u16", (at + 10, at + 11, at + 12), 0.1),
            Register(at + 14, "i16", "active_power", 0.1),
            Register(at + 16, "u16", "frequency", 0.01),
            Register(at + 18, "i16", "apparent_power", 0.1),
            Register(at + 20, "i16", "reactive_power", 0.1),
            Register(at + 22, "i16", "power_factor", 0.001),
            Register(at + 24, "acc32", "active_energy_import", 0.01, counts=True),
        ),
    )


def meter_layouts() -> tuple[RegisterLayout, ...]:
    """Electricity meters and inverters."""
    return (
        EASTRON_SDM630, SCHNEIDER_IEM3000, SIEMENS_PAC2200, JANITZA_UMG604, ABB_B23,
        SUNGROW_SG, HUAWEI_SUN2000, _sunspec(),
    )  # fmt: skip
