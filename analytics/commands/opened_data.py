"""Opens what a command judges: register, store and range, checked in the order in which a reader can mend them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import NamedTuple

from analytics.bootstrap import load_park
from analytics.commands.time_range import Choice, choice_of, judging_span
from analytics.judging.plan import JudgingRange
from service_runtime.local_times import local_date
from telemetry_model.park_register import Park
from telemetry_store.open import open_store, require_existing
from telemetry_store.protocol import TelemetryStore


class OpenedData(NamedTuple):
    """An open store, the park it is of, and what of it was asked for."""

    store: TelemetryStore
    park: Park
    choice: Choice
    span: JudgingRange
    law_day: date | None


@asynccontextmanager
async def opened_data(options: Mapping[str, object]) -> AsyncIterator[OpenedData]:
    """From the options that these commands share; the store is closed at the end.

    Raises ``OperatorError``, ``SettingsError``, ``RegisterError`` or ``UnreachableError``, one sentence each.
    """
    park = load_park(str(options["park_folder"]))
    choice = choice_of(park, options)
    law_text = str(options.get("law_text", ""))
    law_day = local_date(law_text, "--law-of") if law_text else None
    url = str(options["store_url"])
    require_existing(url)
    store = open_store(url, str(options["store_token"]))
    try:
        await store.check()
        span = await judging_span(store, park, str(options["from_text"]), str(options["to_text"]), law_day)
        yield OpenedData(store, park, choice, span, law_day)
    finally:
        await store.close()
