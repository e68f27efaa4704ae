"""A scale that is read once an hour, with the exchanges on record, without a store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd

from analytics.registers.amount import Amount, counted
from analytics.slots.frame_contract import SLOT_COLUMNS, SlotFrame
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, day_window
from telemetry_model.park_register import parse_park

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
START = day_window(datetime(2026, 3, 10, tzinfo=UTC).date(), HANOI)


def hourly_amount(
    readings: Sequence[tuple[float, float]], exchanges: Sequence[tuple[float, float, float]] = ()
) -> Amount:
    """What a scale counted up to its last reading: ``(hour, register)``; exchanges ``(hour, last, first)``."""
    at = [datetime.fromtimestamp(START.start_ms / 1000 + 3600 * hour, tz=HANOI) for hour, _, _ in exchanges]
    lines = [
        f"g.mass,{when:%Y-%m-%d %H:%M},{last},{first},," for when, (_, last, first) in zip(at, exchanges, strict=True)
    ]
    park = parse_park(
        {
            "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n',
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\n",
            "points.csv": "point,tenant,zone,medium,unit,interval_seconds,role\ng.mass,park,z,materials,t,3600,\n",
            "contacts.csv": "tenant,name,email,language\n",
            "meter_exchanges.csv": "point,time,last_value,first_value,old_serial,new_serial\n"
            + "\n".join(lines)
            + "\n",
        }
    )
    starts = [START.start_ms + round(hour * HOUR_MS) for hour, _ in readings]
    table = pd.DataFrame(dict.fromkeys(SLOT_COLUMNS, 0), index=range(len(starts)))
    table = table.assign(start_ms=starts, low=[value for _, value in readings], high=[value for _, value in readings])
    series = SlotSeries.of("g.mass", "t", HOUR_MS, SlotFrame.of(table.astype(SLOT_COLUMNS)))
    return counted(park, series, START._replace(end_ms=starts[-1] + HOUR_MS))
