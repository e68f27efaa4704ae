"""Register tables of flow meters, water probes and the example stations (``docs/example-device-registers.md``)."""

from simulators.devices.encoding import Register, WordOrder
from simulators.devices.layout import RegisterLayout, StatusWord

CDAB, DCBA = WordOrder.CDAB, WordOrder.DCBA

TUF_2000M = RegisterLayout(
    name="tuf-2000m",
    function_codes=(3,),
    registers=(
        Register(0, "f32", "flow", 1.0, CDAB),
        Register(4, "f32", "velocity", 1.0, CDAB),
        Register(8, "i32", "volume", 1.0, CDAB, counts=True),
        Register(10, "f32", "volume_fraction", 1.0, CDAB),
        Register(24, "i32", "volume", 1.0, CDAB, counts=True),
        Register(91, "u16", "signal_quality"),
    ),
    constants=((1436, (0, 0)),),
    statuses=(StatusWord(71, (0, 0, 1)),),
)
"""Wire address = manual number R minus 1; unit codes 0 at R1437 and R1438 say m3/h and m3; R72 holds error bits."""

YOSEMITECH_Y551 = RegisterLayout(
    name="yosemitech-y551",
    function_codes=(3,),
    registers=(
        Register(0x2600, "f32", "temperature", 1.0, DCBA),
        Register(0x2602, "f32", "cod", 1.0, DCBA),
        Register(0x1200, "f32", "turbidity", 1.0, DCBA),
    ),
    statuses=(StatusWord(0x2604, (0, 0, 0x0100)),),
    start_address=0x2500,
    gaps_answer=False,
)
YOSEMITECH_Y560 = RegisterLayout(
    name="yosemitech-y560",
    function_codes=(3,),
    registers=(
        Register(0x2800, "f32", "nh4_n", 1.0, DCBA),
        Register(0x2600, "f32", "potential", 1.0, DCBA),
        Register(0x2602, "f32", "ph", 1.0, DCBA),
        Register(0x2400, "f32", "temperature", 1.0, DCBA),
    ),
    gaps_answer=False,
)
YOSEMITECH_Y532 = RegisterLayout(
    name="yosemitech-y532",
    function_codes=(3,),
    registers=(
        Register(0x2800, "f32", "ph", 1.0, DCBA),
        Register(0x2400, "f32", "temperature", 1.0, DCBA),
        Register(0x1200, "f32", "potential", 1.0, DCBA),
    ),
    gaps_answer=False,
)
EXAMPLE_EFFLUENT_STATION = RegisterLayout(
    name="example-effluent-station",
    function_codes=(4,),
    registers=(
        Register(2, "f32", "cod"),
        Register(4, "f32", "nh4_n"),
        Register(6, "f32", "tss"),
        Register(8, "f32", "ph"),
        Register(10, "f32", "temperature"),
    ),
    statuses=(StatusWord(0),),
)
EXAMPLE_STACK_ANALYSER = RegisterLayout(
    name="example-stack-analyser",
    function_codes=(3,),
    registers=(
        Register(10, "f32", "nox"),
        Register(12, "f32", "co"),
        Register(14, "f32", "oxygen"),
        Register(16, "f32", "stack_flow"),
        Register(18, "f32", "stack_temperature"),
        Register(20, "f32", "gas_flow"),
    ),
    statuses=(StatusWord(0),),
)
EXAMPLE_AIR_STATION = RegisterLayout(
    name="example-air-station",
    function_codes=(4,),
    registers=(
        Register(1, "u16", "pm2_5", 0.1),
        Register(2, "u16", "pm10", 0.1),
        Register(3, "u16", "no2", 0.1),
        Register(4, "u16", "so2", 0.1),
        Register(5, "u16", "o3", 0.1),
        Register(6, "u32", "co", 0.1),
    ),
    statuses=(StatusWord(0),),
)
EXAMPLE_WEIGHBRIDGE = RegisterLayout(
    name="example-weighbridge",
    function_codes=(3,),
    registers=(Register(0, "u32", "mass", 0.001, counts=True),),
    statuses=(StatusWord(2),),
)
EXAMPLE_WEATHER_STATION = RegisterLayout(
    name="example-weather-station",
    function_codes=(4,),
    registers=(
        Register(1, "i16", "temperature", 0.1),
        Register(2, "u16", "humidity", 0.1),
        Register(3, "u16", "pressure", 0.1),
        Register(4, "u16", "irradiance", 0.1),
        Register(5, "u16", "wind_speed", 0.01),
        Register(6, "u16", "rain", 0.01),
    ),
    statuses=(StatusWord(0),),
)


def station_layouts() -> tuple[RegisterLayout, ...]:
    """Everything that is not an electricity meter or inverter."""
    return (
        TUF_2000M, YOSEMITECH_Y551, YOSEMITECH_Y560, YOSEMITECH_Y532, EXAMPLE_EFFLUENT_STATION,
        EXAMPLE_STACK_ANALYSER, EXAMPLE_AIR_STATION, EXAMPLE_WEIGHBRIDGE, EXAMPLE_WEATHER_STATION,
    )  # fmt: skip
