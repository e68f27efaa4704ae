"""Which attributes an installation of each kind and the park itself may have, and what each may be: the closed list.

A rule applies by attributes, so a misspelt one would silently take a source out of a rule. Anything that is not in
these tables is refused, with the nearest name that is.
"""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from telemetry_model.park_register.dated import Attribute
from telemetry_model.park_register.problems import RegisterProblem, as_written
from telemetry_model.park_register.tables import IDENTIFIER
from telemetry_model.park_register.types import MeasuringPoint
from telemetry_model.quantities import QUANTITIES, Medium
from telemetry_model.units import UNIT_SUFFIX

AIR_OXYGEN_PERCENT = 20.9
NEAR = 0.8
"""From this likeness on (difflib's ratio) another name is taken for a slip of the keyboard."""


class Form(StrEnum):
    """What an attribute's value must be."""

    CHOICE = "one of the names listed"
    NAME = "a name of lower-case letters, digits, - and _"
    """Other names than those listed are allowed, but not one that nearly is one of them."""
    TEXT = "a text"
    NUMBER = "a number from 0 on"
    POSITIVE = "a number above 0"
    FACTOR = "a factor above 0 and at most 2"
    OXYGEN = "an oxygen content above 0 and below 20.9 % by volume, that of air"
    """The correction to a reference divides by what is left up to the oxygen of air."""
    COORDINATE = "a number"
    DAY_OF_MONTH = "a whole number from 1 to 31"
    YEAR = "a year such as 2023"
    YES_NO = "true or false, without quotes"
    DAY = "a date (YYYY-MM-DD, without quotes)"
    DEVICE = "a device that has points in points.csv"
    POINT = "a point of points.csv"


class AttributeForm(NamedTuple):
    """One attribute: what its value must be, and for a choice the names that are known."""

    form: Form
    choices: tuple[str, ...] = ()


_POSITIVE, _NUMBER, _YES_NO = AttributeForm(Form.POSITIVE), AttributeForm(Form.NUMBER), AttributeForm(Form.YES_NO)
_FACTOR = AttributeForm(Form.FACTOR)
_DAY, _DEVICE, _TEXT = AttributeForm(Form.DAY), AttributeForm(Form.DEVICE), AttributeForm(Form.TEXT)


def _choice(*names: str) -> AttributeForm:
    return AttributeForm(Form.CHOICE, names)


STEEL = (
    "iron_ore_sintering", "blast_furnace_iron", "billet_converter", "billet_arc_furnace", "billet_induction_furnace",
    "hot_rolling_long", "cold_rolling_sheet",
)  # fmt: skip
PAPER = (
    "packaging_over_50000", "packaging_10000_to_50000", "packaging_under_10000", "tissue_10000_to_50000",
    "tissue_under_10000", "printing_over_50000", "printing_10000_to_50000",
)  # fmt: skip
BEER = ("over_100", "from_20_to_100", "under_20")

LABORATORY: Mapping[str, AttributeForm] = MappingProxyType(
    {
        "lab_device": _DEVICE,
        "laboratory_uncertainty_percent": _POSITIVE,
        "instrument_uncertainty_percent": _POSITIVE,
    }
)
"""Whose samples an analyser is held against, and how sure each of them is."""

INSTALLATION_ATTRIBUTES: Mapping[str, Mapping[str, AttributeForm]] = MappingProxyType(
    {
        "wastewater_outlet": {
            "standard": _choice("qcvn40-2011", "qcvn40-2025"),
            "column": _choice("A", "B", "C"),
            "licensed_on": _DAY,
            "kq": _FACTOR,
            "kf": _FACTOR,
            "licensed_flow_m3_day": _POSITIVE,
            "flow_point": AttributeForm(Form.POINT),
            "facility_type": _choice("concentrated_zone", "polluting", "other"),
            "design_capacity_m3_day": _POSITIVE,
            "flow_device": _DEVICE,
            "inlet_device": _DEVICE,
            "energy_device": _DEVICE,
            **LABORATORY,
        },
        "tenant_outlet": {"contract_column": _choice("A", "B"), "flow_device": _DEVICE, **LABORATORY},
        "stack": {
            "standard": _choice("qcvn19-2009", "qcvn19-2024"),
            "equipment": AttributeForm(Form.NAME, ("gas_turbine", "biomass_boiler")),
            "capacity_mw": _POSITIVE,
            "steam_t_h": _POSITIVE,
            "column": _choice("A", "B", "C"),
            "licensed_on": _DAY,
            "kp": _FACTOR,
            "kv": _FACTOR,
            "o2_reference_percent": AttributeForm(Form.OXYGEN),
            "already_at_reference_o2": _YES_NO,
            "fuel_gas_density_kg_nm3": _POSITIVE,
        },
        "ambient_station": {},
        "machine": {},
        "water_district": {},
        "electricity_supply": {
            "contracted_kw": _POSITIVE,
            "billing_day": AttributeForm(Form.DAY_OF_MONTH),
            "use": _choice("industry", "building"),
            "voltage_level": _choice("110kv", "22kv", "6kv", "below-6kv"),
            "tariff_hours_963_from": _DAY,
            "meter_accuracy_percent": _POSITIVE,
        },
        "facility": {
            "sector": AttributeForm(Form.NAME, ("steel", "paper", "beer")),
            "process": _choice(*STEEL, *PAPER, *BEER),
            "key_energy_user": _YES_NO,
            "ghg_listed": _YES_NO,
            "tou_customer": _YES_NO,
            "energy_carriers": _choice("electricity", "several"),
            "sec_norm_mj_t": _POSITIVE,
            "sec_norm_mj_hl": _POSITIVE,
        },
        "noise_point": {
            "standard": _choice("qcvn26-2010", "qcvn26-2025"),
            "area": _choice("ordinary", "special"),
            "permit_noise_day_dba": _POSITIVE,
            "permit_noise_night_dba": _POSITIVE,
        },
    }
)

PARK_ATTRIBUTES: Mapping[str, AttributeForm] = MappingProxyType(
    {
        "fictional": _YES_NO,
        "simulated": _YES_NO,
        "replayed": _YES_NO,
        "eco_park": _YES_NO,
        "eco_park_certified_on": _DAY,
        "automatic_stations": _YES_NO,
        "province_vi": _TEXT,
        "province_en": _TEXT,
        "latitude_degrees": AttributeForm(Form.COORDINATE),
        "longitude_degrees": AttributeForm(Form.COORDINATE),
        "area_ha": _POSITIVE,
        "green_area_ha": _NUMBER,
        "road_area_ha": _NUMBER,
        "technical_area_ha": _NUMBER,
        "social_area_ha": _NUMBER,
        "native_open_space_ha": _NUMBER,
        "grid_emission_factor_year": AttributeForm(Form.YEAR),
        "renewable_share_target_percent": _POSITIVE,
        "wastewater_reuse_target_percent": _POSITIVE,
        "live_data_alert_percent": _POSITIVE,
    }
)

LASTING_PARK_ATTRIBUTES = (
    "fictional", "simulated", "replayed", "province_vi", "province_en", "latitude_degrees", "longitude_degrees",
)  # fmt: skip
"""What the park is, whatever the day: no change may name these."""

_LIMIT_PREFIXES: Mapping[str, tuple[tuple[str, Medium], ...]] = MappingProxyType(
    {
        "wastewater_outlet": (("permit", Medium.WASTEWATER), ("analyser_range", Medium.WASTEWATER)),
        "tenant_outlet": (
            ("permit", Medium.WASTEWATER), ("contract", Medium.WASTEWATER), ("analyser_range", Medium.WASTEWATER),
        ),
        "stack": (("permit", Medium.EMISSIONS), ("analyser_range", Medium.EMISSIONS)),
    }
)  # fmt: skip
"""Kinds whose licence, contract or analyser states a figure for each substance: ``permit_cod_mg_l`` and its like."""


def attribute_forms(kind: str) -> Mapping[str, AttributeForm]:
    """Every attribute that an installation of ``kind`` may have; empty for a kind that is not known."""
    forms = dict(INSTALLATION_ATTRIBUTES.get(kind, {}))
    for prefix, medium in _LIMIT_PREFIXES.get(kind, ()):
        forms |= dict.fromkeys(_figures(prefix, medium), _POSITIVE)
    return forms


def check_attributes(
    where: str,
    attributes: Mapping[str, Attribute],
    forms: Mapping[str, AttributeForm],
    points: Mapping[str, MeasuringPoint],
    *,
    owner: str,
    is_open: bool = False,
) -> Iterator[RegisterProblem]:
    """What is wrong with the attributes of ``owner`` in ``park.toml``, key by key.

    ``is_open``: other facts are welcome too, unless their name is nearly one that is known.
    """
    for key, value in attributes.items():
        form = forms.get(key)
        wrong = _unknown(key, forms, owner, is_open) if form is None else _wrong(form, value, points)
        if wrong:
            yield RegisterProblem("park.toml", None, f"{where}.{key}", wrong)


def check_pairs(
    where: str, attributes: Mapping[str, Attribute], forms: Mapping[str, AttributeForm], owner: str
) -> Iterator[RegisterProblem]:
    """A range of which one end alone is stated: nobody can say what holds at the other."""
    for low in (name for name in forms if name.endswith("_low")):
        high = low.removesuffix("_low") + "_high"
        if (low in attributes) != (high in attributes):
            there, missing = (low, high) if low in attributes else (high, low)
            words = f"'{there}' of {owner} stands alone: give '{missing}' too"
            yield RegisterProblem("park.toml", None, f"{where}.{missing}", words)


def _figures(prefix: str, medium: Medium) -> Iterator[str]:
    for (of, name), quantity in QUANTITIES.items():
        if of is medium:
            stem = "_".join(part for part in (prefix, name, UNIT_SUFFIX.get(quantity.unit, "")) if part)
            yield from (stem, f"{stem}_low", f"{stem}_high") if name == "ph" else (stem,)


def _unknown(key: str, forms: Mapping[str, AttributeForm], owner: str, is_open: bool) -> str:
    nearest = difflib.get_close_matches(key, forms, n=1, cutoff=NEAR if is_open else 0.6)
    if nearest:
        return f"unknown attribute '{key}' of {owner}: did you mean '{nearest[0]}'?"
    if is_open:
        return ""
    known = ", ".join(name for name in forms if not re.match(r"(permit|contract|analyser_range)_(?!column)", name))
    return f"unknown attribute '{key}' of {owner} (known: {known or 'none'})"


def _wrong(form: AttributeForm, value: Attribute, points: Mapping[str, MeasuringPoint]) -> str:
    if _is_right(form, value, points):
        return ""
    nearest = difflib.get_close_matches(str(value), form.choices, n=1, cutoff=NEAR)
    if form.form is not Form.CHOICE and not nearest:
        return f"{as_written(value)} is not {form.form}"
    hint = f": did you mean '{nearest[0]}'?" if nearest else f" (known: {', '.join(form.choices)})"
    return f"{as_written(value)} is not known here{hint}"


def _is_right(form: AttributeForm, value: Attribute, points: Mapping[str, MeasuringPoint]) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    number = float(value) if isinstance(value, (int, float)) and is_number else float("nan")
    checks = {
        Form.CHOICE: value in form.choices,
        Form.NAME: value in form.choices or _is_other_name(value, form.choices),
        Form.TEXT: isinstance(value, str),
        Form.NUMBER: 0 <= number < math.inf,
        Form.POSITIVE: 0 < number < math.inf,
        Form.FACTOR: 0 < number <= 2,
        Form.OXYGEN: 0 < number < AIR_OXYGEN_PERCENT,
        Form.COORDINATE: abs(number) <= 180,
        Form.DAY_OF_MONTH: is_number and isinstance(value, int) and 1 <= number <= 31,
        Form.YEAR: is_number and isinstance(value, int) and 1990 <= number <= 2200,
        Form.YES_NO: isinstance(value, bool),
        Form.DAY: type(value) is date,
        Form.DEVICE: any(point.device == value for point in points.values()),
        Form.POINT: value in points,
    }
    return checks[form.form]


def _is_other_name(value: Attribute, known: tuple[str, ...]) -> bool:
    if not isinstance(value, str) or not IDENTIFIER.match(value):
        return False
    return not difflib.get_close_matches(value, known, n=1, cutoff=NEAR)
