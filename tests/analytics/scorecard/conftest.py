"""A small eco-park with two firms, its evidence, and its scorecard at a fixed moment."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telemetry_model.park_register import Park, parse_park

ROOT = Path(__file__).resolve().parents[3]
DEMO_PARK = ROOT / "deploy" / "parks" / "bach-dang"
NOW_MS = round(datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).timestamp() * 1000)
EVIDENCE = "indicator,subject,value,document,date,responsible\n"
ParkWith = Callable[..., Park]


def eco_park(evidence: Sequence[str] = (), tables: dict[str, str] | None = None, facts: str = "") -> Park:
    """Firms alpha (250 workers), beta (40) and gamma (not stated); ``evidence`` are rows of evidence.csv."""
    head = 'id = "eco"\nname_vi = "Khu sinh thái"\nname_en = "Eco park"\ntimezone = "Asia/Ho_Chi_Minh"\n'
    return parse_park(
        {
            "park.toml": f"{head}[attributes]\neco_park = true\n{facts}\n",
            "tenants.csv": "tenant,name,sector,zone,workers\npark,Operator,operator,,\n"
            "alpha,Alpha,steel,,250\nbeta,Beta,food,,40\ngamma,Gamma,food,,\n",
            "points.csv": "point,tenant,zone,medium,unit,interval_seconds,role\n"
            "fm-out.volume,park,z,wastewater,m3,3600,wastewater_discharged\n"
            "fm-re.volume,park,z,wastewater,m3,3600,wastewater_reused\n",
            "contacts.csv": "tenant,name,email,language\n",
            "evidence.csv": EVIDENCE + "\n".join(evidence) + "\n",
            **(tables or {}),
        }
    )


@pytest.fixture
def make_eco_park() -> ParkWith:
    """:func:`eco_park`."""
    return eco_park


@pytest.fixture
def now_ms() -> int:
    """Noon of 1 July 2026 in Hanoi."""
    return NOW_MS


@pytest.fixture
def demo_park() -> Path:
    """The folder of the demo park."""
    return DEMO_PARK
