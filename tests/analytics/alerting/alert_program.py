"""A program that alerts about one day, exceeded or judged anew, and ends: what the crash tests start and kill."""

import asyncio
import sys
from pathlib import Path

from analytics.alerting.bootstrap import build_alert_engine
from service_runtime.clock import SystemClock
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park
from telemetry_store.open import open_store
from tests.analytics.alerting.conftest import PARK_FOLDER, Settings, cod


async def alert(state_path: str, port: int, observed: float) -> None:
    """Process the same finding as every life of this program does, deliver, end."""
    park = parse_park(read_text_folder(PARK_FOLDER))
    store = open_store(f"sqlite:///{Path(state_path).with_name('store.db')}")
    engine = build_alert_engine(Settings(state_path, port), park, store, SystemClock())
    await engine.process([cod(1, observed)])
    await engine.settle()
    await engine.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(alert(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
