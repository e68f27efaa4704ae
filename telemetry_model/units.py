"""Unit symbols the park register may use, their field-name suffix, and the exact conversions between them."""

UNIT_SUFFIX: dict[str, str] = {
    "kW": "kw", "kvar": "kvar", "kVA": "kva", "kWh": "kwh", "kvarh": "kvarh", "V": "v", "A": "a", "Hz": "hz",
    "1": "", "%": "percent", "pH": "", "degC": "degc",
    "m3/h": "m3_h", "m3": "m3", "l/s": "l_s", "bar": "bar", "kPa": "kpa", "hPa": "hpa",
    "mg/l": "mg_l", "mS/cm": "ms_cm", "NTU": "ntu", "Pt-Co": "ptco", "MPN/100ml": "mpn_100ml", "Bq/l": "bq_l",
    "mg/Nm3": "mg_nm3", "Nm3/h": "nm3_h", "ug/m3": "ug_m3",
    "W/m2": "w_m2", "m/s": "m_s", "mm": "mm", "kg": "kg", "t": "t", "t/h": "t_h", "items": "items", "MWh": "mwh",
}  # fmt: skip
"""Symbol -> suffix of the stored field name; an empty suffix means the quantity's name says it all."""

_CONVERSIONS: dict[tuple[str, str], float] = {
    ("W", "kW"): 1e-3, ("var", "kvar"): 1e-3, ("VA", "kVA"): 1e-3, ("Wh", "kWh"): 1e-3, ("varh", "kvarh"): 1e-3,
    ("MW", "kW"): 1e3, ("MWh", "kWh"): 1e3, ("kWh", "MWh"): 1e-3,
    ("l/s", "m3/h"): 3.6, ("m3/h", "l/s"): 1 / 3.6, ("l/h", "m3/h"): 1e-3, ("m3/s", "m3/h"): 3600.0, ("l", "m3"): 1e-3,
    ("m3/d", "m3/h"): 1 / 24,
    ("g/m3", "mg/l"): 1.0, ("ug/l", "mg/l"): 1e-3, ("mg/m3", "ug/m3"): 1e3, ("mbar", "hPa"): 1.0, ("/", "1"): 1.0,
    ("%", "1"): 1e-2, ("1", "%"): 1e2, ("kg", "t"): 1e-3, ("t", "kg"): 1e3, ("Cel", "degC"): 1.0, ("mg/L", "mg/l"): 1.0,
}  # fmt: skip


def is_known_unit(symbol: str) -> bool:
    """Whether the register may use this symbol."""
    return symbol in UNIT_SUFFIX


def conversion_factor(sent: str, expected: str) -> float | None:
    """What to multiply a value in ``sent`` with to get ``expected``; ``None`` when we do not know the way."""
    if sent == expected:
        return 1.0
    return _CONVERSIONS.get((sent, expected))
