"""``ecopark analytics circular``: the circular-economy indicators of a year or month, each with its working."""

import asyncio
import calendar
import dataclasses
import re
from datetime import date, timedelta
from pathlib import Path

import click

from analytics.commands.time_range import capture_option
from analytics.indicators.circular.metered_flows import exchange_intensity, metered_circularity
from analytics.indicators.circular.register_flows import register_circularity
from analytics.indicators.compute import months_of, withheld
from analytics.indicators.input_words import input_text
from analytics.indicators.names import indicator_name
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.reasons import confidence_in, say_in
from analytics.indicators.report import indicator_json
from analytics.indicators.store_readings import Span
from analytics.windows import local_day, local_text, start_of_day_ms
from analytics.wording import significant
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_model.park_register.types import PARK_TENANT
from telemetry_store.command_options import optional_store, park_option
from telemetry_store.open import open_store, require_existing

FORMULAS = {
    "waste_by_code": "sum of the loads of this code",
    "waste_on_manifests": "sum of all loads",
    "waste_diversion_share": "(reuse + recycling + biological) / waste x 100",
    "waste_landfill_share": "landfill / waste x 100",
    "secondary_material_share": "(reused + recycled content of what came in) / what came in x 100",
    "material_circularity": "MCI = max(0, 1 - LFI x 0.9 / X), LFI = (V + W) / (2M + (WF - WC) / 2)",
    "symbiosis_given": "rise of the giver's register over the month",
    "symbiosis_taken": "rise of the taker's register over the month",
    "symbiosis_remainder": "given - taken, shown and never spread over the firms",
    "symbiosis_intensity": "mass given over all links / waste on manifests x 100",
    "water_reuse_share": "reused / (reused + discharged) x 100",
    "circular_water_share": "reused / (reused + intake) x 100",
    "onsite_water_reuse_ratio": "reused / intake",
}
_LABELS = {
    "vi": ("đến", "dữ liệu", "không có giá trị", "cách tính"),
    "en": ("to", "of the data", "no value", "working"),
}
_CONTENT = "mean by mass of the shares of all lots"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")


@click.command(short_help="Waste, material and water circles of a period.")
@park_option
@optional_store("Adds balances and water")
@click.option("--year", type=click.IntRange(2000, 2200), help="A whole year. Default: the current one.")
@click.option("--month", "month_text", default="", help="One month instead: 2026-03.")
@capture_option
@click.option("--language", type=click.Choice(["vi", "en"]), default="en", show_default=True)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def circular(**options: object) -> None:
    """Print waste, material and water circles of a period, each number with its working.

    Waste by code, diversion and landfill share come from manifests.csv, secondary material and the ISO 59020-style
    shares from materials.csv, the MCI from products.csv. With --store every symbiosis link is balanced month by month
    from the meters at giver and taker, and its remainder is shown.

    \b
      ecopark analytics circular --park deploy/parks/bach-dang --year 2026
      ecopark analytics circular --park DIR --store sqlite:///telemetry.db --month 2026-11 --language vi
    """
    asyncio.run(_circular(options))


async def _circular(options: dict[str, object]) -> None:
    park = parse_park(read_text_folder(Path(str(options["park_folder"]))))
    now_ms = SystemClock().now_ms()
    first, last = _days(str(options["month_text"]), options["year"], local_day(now_ms, park.timezone).year)
    end_ms = min(now_ms, start_of_day_ms(last + timedelta(days=1), park.timezone))
    span = Span(start_of_day_ms(first, park.timezone), end_ms)
    if span.start_ms >= span.end_ms:
        raise OperatorError(f"the period from {first} has not begun")
    found = list(register_circularity(park, first, last, span))
    if options["store_url"]:
        found += await _metered(options, park, span, found)
    for indicator in found:
        value = withheld(indicator.value, float(str(options["minimum_data_capture"])))
        shown = dataclasses.replace(indicator, value=value)
        click.echo(
            indicator_json(shown, park.id)
            if options["as_lines"]
            else _with_working(shown, park, str(options["language"]))
        )


async def _metered(
    options: dict[str, object], park: Park, span: Span, register: list[ReportedIndicator]
) -> list[ReportedIndicator]:
    url = str(options["store_url"])
    require_existing(url)
    store = open_store(url, str(options["store_token"]))
    try:
        await store.check()
        metered = Span(_first_metered_ms(park, span), span.end_ms)
        months = months_of(park, metered) if metered.start_ms < metered.end_ms else []
        found = [i for month in months for i in await metered_circularity(store, park, month)]
        whole = await metered_circularity(store, park, metered) if months else []
    finally:
        await store.close()
    waste = next(i.value.value for i in register if i.name == "waste_on_manifests" and i.subject == park.id)
    intensity = exchange_intensity(whole, waste or 0.0)
    return [*found, ReportedIndicator("symbiosis_intensity", park.id, PARK_TENANT, span, intensity)]


def _first_metered_ms(park: Park, span: Span) -> int:
    """Nothing is expected of the meters before monitoring began."""
    since = park.monitoring_since
    return max(span.start_ms, start_of_day_ms(since, park.timezone)) if since else span.start_ms


def _with_working(found: ReportedIndicator, park: Park, language: str) -> str:
    value, zone = found.value, park.timezone
    until, data, none, working = _LABELS[language]
    number = "-" if value.value is None else f"{significant(value.value, language)} {value.unit}"
    sigma = value.standard_uncertainty
    spread = f" +/- {significant(sigma, language, 2)}" if sigma else ""
    period = f"{local_text(found.span.start_ms, zone)[:10]} {until} {local_text(found.span.end_ms - 1, zone)[:10]}"
    inputs = ", ".join(input_text(name, given, language) for name, given in value.inputs.items())
    capture = f"{100 * value.data_capture:.0f} % {data}"
    name = indicator_name(found.name, language)
    lines = [f"{name}  {found.subject}  {period}: {number}{spread}  ({capture})  [{found.name}]"]
    if value.reason:
        lines.append(f"    {none}: {say_in(value.reason, language)}")
    formula = say_in(FORMULAS.get(found.name, _CONTENT), language)
    lines.append(f"    {working}: {formula}" + (f"; {inputs}" if inputs else ""))
    note = f"; {say_in(value.basis.note, language)}" if value.basis.note else ""
    lines.append(f"    {confidence_in(value.basis.confidence, language)}: {value.basis.source}{note}")
    return "\n".join(lines)


def _days(month: str, year: object, this_year: int) -> tuple[date, date]:
    if month and year is not None:
        raise OperatorError("--month and --year: give one of them")
    if not month:
        chosen = int(str(year)) if year is not None else this_year
        return date(chosen, 1, 1), date(chosen, 12, 31)
    if not _MONTH.match(month):
        raise OperatorError(f"--month: '{month}' is not a month (YYYY-MM)")
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
