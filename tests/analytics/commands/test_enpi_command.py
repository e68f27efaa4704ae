"""`ecopark analytics enpi`: a baseline done by hand, bills and meters, missing drivers, norms with their end."""

import asyncio
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analytics.command import analytics
from analytics.commands.enpi import months_between
from analytics.indicators.energy_review import NORM_OF_PROCESS, cooling_degree_days
from analytics.indicators.factors import load_factors
from analytics.windows import start_of_day_ms
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park
from telemetry_model.park_register.attributes import BEER, PAPER, STEEL
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

FACILITY = (
    '[[installations]]\nid = "works"\nkind = "facility"\ntenant = "alpha"\nname_vi = "x"\nname_en = "x"\n'
    'sector = "steel"\nprocess = "hot_rolling_long"\n'
)
BASE = (100, 200, 300, 400, 250, 150)
"""Tonnes from January to June 2025; energy is 50,000 kWh + 400 kWh/t, give or take 100 kWh."""
OFF = (100, -100, -100, 100, 50, -50)
HELD = {"2026-01": (200, 117_000), "2026-02": (300, 153_000)}
"""10 % below what the line expects (130,000 and 170,000)."""


def production() -> list[str]:
    rows = [
        f"2025-{n:02d},alpha,Bars,{t},t,{50_000 + 400 * t + off}"
        for n, (t, off) in enumerate(zip(BASE, OFF, strict=True), 1)
    ]
    return rows + [f"{month},alpha,Bars,{t},t,{kwh}" for month, (t, kwh) in HELD.items()]


def folder_with(tmp_path: Path, rows: list[str], head: str = FACILITY) -> Path:
    folder = tmp_path / "park"
    folder.mkdir()
    texts = {
        "park.toml": f'id = "p"\nname_vi = "Khu"\nname_en = "Park"\ntimezone = "Asia/Ho_Chi_Minh"\n{head}',
        "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\nalpha,Alpha,steel,\n",
        "points.csv": "point,tenant,zone,medium,unit,interval_seconds,role\n"
        "em.active_energy_import,alpha,z,energy,kWh,3600,tenant_electricity\nmet.temperature,park,z,weather,degC,1800,\n",
        "contacts.csv": "tenant,name,email,language\n",
        "production.csv": "month,tenant,product,amount,unit,energy_kwh\n" + "\n".join(rows) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *more: str) -> Result:
    arguments = [
        "--park",
        str(folder),
        "--tenant",
        "alpha",
        "--baseline",
        "2025-01:2025-06",
        "--months",
        "2026-01:2026-02",
    ]
    return CliRunner().invoke(analytics, ["enpi", *arguments, *more])


def told(folder: Path, *more: str) -> dict[str, Any]:
    done = run(folder, "--json", *more)
    assert done.exception is None, done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_baseline_and_what_was_saved_against_it(tmp_path: Path) -> None:
    found = told(folder_with(tmp_path, production()))
    assert found["baseline"]["slopes"]["Bars [t]"] == pytest.approx(400, abs=1)
    assert found["baseline"]["intercept_kwh"] == pytest.approx(50_000, abs=200)
    assert found["baseline"]["is_usable"]
    # 270,000 of 300,000 kWh expected: a tenth saved.
    assert found["enpi"] == pytest.approx(0.9, abs=1e-3)
    assert found["months"][1]["saved_so_far_kwh"] == pytest.approx(30_000, abs=300)
    assert (found["months"][0]["energy_from"], found["confidence"]) == ("bill", "setting")


def test_energy_per_product_is_held_against_an_expired_norm(tmp_path: Path) -> None:
    found = told(folder_with(tmp_path, production()))
    # 270,000 kWh x 3.6 MJ / 500 t = 1,944 MJ/t; hot rolling 1,600 MJ/t to the end of 2025.
    assert found["specific_energy"] == pytest.approx(1944)
    assert (found["norm"]["value"], found["norm"]["is_expired"]) == (1600, True)
    assert found["norm"]["percent_of_norm"] == pytest.approx(121.5)
    words = run(tmp_path / "park").stdout
    assert "Norm: 1,600 MJ/t (EXPIRED on 2025-12-31, the last one known): 121.5 % of it" in words
    assert "electricity alone" in words


def test_a_meter_goes_before_the_bill(tmp_path: Path) -> None:
    folder, file = folder_with(tmp_path, production()), tmp_path / "s.db"
    park = parse_park(read_text_folder(folder))
    start_ms = start_of_day_ms(months_between("2026-01:2026-01", "x")[0], park.timezone)
    series = PointSeries.of(park.points["em.active_energy_import"], park.id)
    rows = [ReadingRow(series, start_ms + n * 3_600_000, 150.0 * n, 0) for n in range(31 * 24 + 1)]

    async def fill() -> None:
        store = SqliteStore(file)
        await store.write_readings(rows)
        await store.close()

    asyncio.run(fill())
    first, second = told(folder, "--store", f"sqlite:///{file}")["months"]
    assert (first["energy_from"], first["energy_kwh"]) == ("meter", pytest.approx(150 * 31 * 24))
    assert second["energy_from"] == "bill"


def metered(folder: Path, file: Path, hours: int) -> None:
    """Registers of January 2026, 150 kWh an hour, for the first ``hours``."""
    park = parse_park(read_text_folder(folder))
    start_ms = start_of_day_ms(months_between("2026-01:2026-01", "x")[0], park.timezone)
    series = PointSeries.of(park.points["em.active_energy_import"], park.id)

    async def fill() -> None:
        store = SqliteStore(file)
        await store.write_readings([ReadingRow(series, start_ms + n * 3_600_000, 150.0 * n, 0) for n in range(hours)])
        await store.close()

    asyncio.run(fill())


def test_a_month_with_lost_data_is_left_out_and_said(tmp_path: Path) -> None:
    """683 hours of 744 are 91.8 %: as a whole month they would pass for a saving."""
    rows = [row.rpartition(",")[0] + "," if row.startswith("2026-01") else row for row in production()]
    folder, file = folder_with(tmp_path, rows), tmp_path / "s.db"
    metered(folder, file, 684)
    found = told(folder, "--store", f"sqlite:///{file}")
    assert [month["month"] for month in found["months"]] == ["2026-02"]
    (out,) = found["left_out"]
    assert (out["month"], out["data_capture"]) == ("2026-01", pytest.approx(683 / 744, abs=1e-6))
    assert out["reason"].startswith("the meters have 91.8 % of the month, 98 % are needed")
    assert found["enpi"] == pytest.approx(153_000 / 170_000, rel=1e-3)
    text = run(folder, "--store", f"sqlite:///{file}", "--language", "vi").output
    assert "2026-01  bỏ ra: công tơ có 91,8 % của tháng, cần 98 %, và production.csv không có energy_kwh" in text


def test_little_that_is_missing_widens_the_uncertainty(tmp_path: Path) -> None:
    """735 of 744 h, 110,250 kWh: as many again as the mean of the missing hours, give or take that over root 3."""
    folder, file = folder_with(tmp_path, production()), tmp_path / "s.db"
    metered(folder, file, 736)
    first = told(folder, "--store", f"sqlite:///{file}")["months"][0]
    assert (first["energy_from"], first["data_capture"]) == ("meter", pytest.approx(735 / 744, abs=1e-6))
    assert first["energy_kwh"] == pytest.approx(150 * 744)
    assert first["energy_standard_uncertainty_kwh"] == pytest.approx(150 * 9 / 3**0.5)


def test_two_products_are_two_drivers_and_no_single_energy_per_product(tmp_path: Path) -> None:
    rows = production()
    extra = [f"{row.split(',')[0]},alpha,Wire,{10 + 7 * n % 13},t," for n, row in enumerate(rows)]
    found = told(folder_with(tmp_path, rows + extra))
    assert set(found["baseline"]["slopes"]) == {"Bars [t]", "Wire [t]"}
    assert (found["specific_energy"], found["norm_reason_en"]) == (None, "more than one product is made")


@pytest.mark.parametrize(
    ("keep", "head", "said"),
    [
        (lambda row: not row.startswith("2026-02"), FACILITY, "nothing is on record for alpha in 2026-02"),
        (lambda row: row.startswith(("2025-01", "2026")), FACILITY, "nothing is on record for alpha in 2025-02"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, keep: Any, head: str, said: str) -> None:
    done = run(folder_with(tmp_path, [row for row in production() if keep(row)], head))
    assert said in str(done.exception)


def test_a_month_without_energy_is_named(tmp_path: Path) -> None:
    rows = [row.rpartition(",")[0] + "," if row.startswith("2026-02") else row for row in production()]
    done = run(folder_with(tmp_path, rows))
    assert str(done.exception) == "no energy of alpha in 2026-02: no meter has it and production.csv has no energy_kwh"


def test_a_flat_bill_is_explained_by_nothing(tmp_path: Path) -> None:
    rows = [row.rpartition(",")[0] + ",50000" for row in production()]
    folder = folder_with(tmp_path, rows)
    found = told(folder)
    assert (found["baseline"]["r_squared"], found["baseline"]["is_usable"], found["enpi"]) == (None, False, None)
    assert "R2 = -" in run(folder).output


def test_production_that_never_changes_fits_no_baseline(tmp_path: Path) -> None:
    rows = [",".join((*row.split(",")[:3], "100", *row.split(",")[4:])) for row in production()]
    assert "driver 'Bars [t]' is constant" in str(run(folder_with(tmp_path, rows)).exception)


def test_weather_needs_a_store(tmp_path: Path) -> None:
    assert str(run(folder_with(tmp_path, production()), "--weather").exception).startswith("--weather needs --store")


def test_cooling_degree_days_become_a_driver(tmp_path: Path) -> None:
    folder, file = folder_with(tmp_path, production()), tmp_path / "s.db"
    park = parse_park(read_text_folder(folder))
    series = PointSeries.of(park.points["met.temperature"], park.id)
    months = [*months_between("2025-01:2025-06", "x"), *months_between("2026-01:2026-03", "x")]
    starts = [start_of_day_ms(day, park.timezone) for day in months]
    rows = [
        ReadingRow(series, at_ms, 24.0 + number, 0)
        for number, (start_ms, end_ms) in enumerate(itertools.pairwise(starts))
        for at_ms in range(start_ms, min(end_ms, start_ms + 31 * 86_400_000), 1_800_000)
    ]

    async def fill() -> None:
        store = SqliteStore(file)
        await store.write_readings(rows)
        await store.close()

    asyncio.run(fill())
    found = told(folder, "--store", f"sqlite:///{file}", "--weather")
    assert set(found["baseline"]["slopes"]) == {"Bars [t]", "cooling_degree_days"}
    # January 2026 is the seventh month with readings: 6 degrees above the base for 31 days.
    assert found["months"][0]["drivers"]["cooling_degree_days"] == pytest.approx(6 * 31)


def test_degree_days_count_what_is_above_the_base() -> None:
    assert cooling_degree_days([30.0] * 24 + [20.0] * 24) == pytest.approx(3)


def test_every_process_of_the_register_has_a_norm() -> None:
    assert set(NORM_OF_PROCESS) == {*STEEL, *PAPER, *BEER}
    assert set(NORM_OF_PROCESS.values()) <= {factor.id for factor in load_factors("sector_norms")}


@pytest.mark.parametrize("text", ["2025", "2025-01:2025-13", "2026-01:2025-01"])
def test_a_wrong_range_of_months_is_named(text: str) -> None:
    with pytest.raises(OperatorError, match="is not a range of months such as 2025-01:2025-12"):
        months_between(text, "--baseline")


def test_the_review_is_said_in_vietnamese(tmp_path: Path) -> None:
    said = run(folder_with(tmp_path, production()), "--language", "vi").stdout
    for words in ("đường cơ sở năng lượng", "dùng được", "hóa đơn", "đã tiết kiệm", "một độ lệch chuẩn",
                  "Năng lượng trên sản phẩm", "HẾT HIỆU LỰC", "định mức"):  # fmt: skip
        assert words in said, words
    assert re.search(r"\d\.\d{3} hóa đơn", said)
    assert "100,0%" in said
    assert "100.0%" not in said
    for word in ("baseline energy", "expected", "Norm:", "bill", "setting:"):
        assert word not in said, word
