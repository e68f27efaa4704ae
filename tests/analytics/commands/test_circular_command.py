"""`ecopark analytics circular`: waste, material and water circles with their working, against numbers done by hand."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analytics.command import analytics
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

HOUR_MS = 3_600_000
FEBRUARY_MS = 1_769_878_800_000
"""1 February 2026, midnight in Hanoi."""
FILES = {
    "park.toml": 'id = "p"\nname_vi = "Khu"\nname_en = "Park"\ntimezone = "Asia/Ho_Chi_Minh"\n',
    "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\nalpha,Alpha,steel,\nbeta,Beta,food,\n",
    "points.csv": "point,tenant,zone,medium,unit,interval_seconds,role\n"
    "wb-1.mass,alpha,z,materials,t,3600,\nwb-2.mass,beta,z,materials,t,3600,\n"
    "fm.volume,park,z,wastewater,m3,3600,wastewater_reused\nwm.volume,park,z,water,m3,3600,water_intake\n",
    "contacts.csv": "tenant,name,email,language\n",
    "symbiosis.csv": "link,giver,taker,material,giver_point,taker_point,agreement\n"
    "swarf,alpha,beta,Swarf,wb-1.mass,wb-2.mass,A-1\n",
    "meter_exchanges.csv": "point,time,last_value,first_value,old_serial,new_serial\n"
    "wb-2.mass,2026-02-15 12:30,500,40,X,Y\n",
    "manifests.csv": "date,tenant,code_system,code,mass_t,destination,is_hazardous\n"
    "2026-02-03,alpha,ewc,120101,60,recycling,no\n2026-02-04,beta,ewc,200301,30,landfill,no\n"
    "2026-02-05,beta,ewc,130205,10,,yes\n2026-03-05,beta,ewc,200301,500,landfill,no\n",
    "materials.csv": "date,tenant,direction,material,mass_t,reused_percent,recycled_percent,renewable_percent\n"
    "2026-02-03,alpha,in,scrap,80,0,100,\n2026-02-03,alpha,in,billets,120,5,20,\n"
    "2026-02-20,alpha,out,rebar,190,2,85,\n",
    "products.csv": "year,tenant,product,mass_t\n2025,alpha,nails,10\n",
}


@pytest.fixture
def park_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "park"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def store_file(park_folder: Path, tmp_path: Path) -> Path:
    """Hourly registers over February: given 1 t/h; taken 0.98 t/h over an exchange on the 15th at 12:30."""
    park, file = parse_park(read_text_folder(park_folder)), tmp_path / "s.db"
    hours = 28 * 24
    # 348.5 hours at 0.98 t/h reach 500 at the exchange; the new scale begins at 40.
    taken = [500 - 0.98 * (348.5 - n) if n < 349 else 40 + 0.98 * (n - 348.5) for n in range(hours + 1)]
    values = {
        "wb-1.mass": [float(n) for n in range(hours + 1)],
        "wb-2.mass": taken,
        "fm.volume": [10.0 * n for n in range(hours + 1)],
        "wm.volume": [30.0 * n for n in range(hours + 1)],
    }
    rows = [
        ReadingRow(PointSeries.of(park.points[point], park.id), FEBRUARY_MS + n * HOUR_MS, value, 0)
        for point, series in values.items()
        for n, value in enumerate(series)
    ]

    async def fill() -> None:
        store = SqliteStore(file)
        await store.write_readings(rows)
        await store.close()

    asyncio.run(fill())
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(analytics, ["circular", *map(str, arguments)])


def told(*arguments: object) -> dict[tuple[str, str], Any]:
    done = run(*arguments, "--json")
    assert done.exception is None, done.exception
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["indicator"], line["subject"]): line for line in lines}


def test_waste_by_code_and_its_shares(park_folder: Path) -> None:
    found = told("--park", park_folder, "--month", "2026-02", "--minimum-data-capture", 0.8)
    assert found["waste_by_code", "ewc:200301"]["value"] == 30
    assert found["waste_on_manifests", "p"]["inputs"] == {"loads": 3, "hazardous_t": 10}
    # 60 of 100 t recycled, 30 to landfill, 10 unknown: nine tenths of the mass are known.
    assert found["waste_diversion_share", "p"]["value"] == pytest.approx(60)
    assert found["waste_landfill_share", "p"]["value"] == pytest.approx(30)
    assert found["waste_landfill_share", "p"]["data_capture"] == pytest.approx(0.9)
    assert "only 75.0 %" in found["waste_landfill_share", "beta"]["reason_en"]


def test_secondary_material_and_the_contents_of_lots(park_folder: Path) -> None:
    found = told("--park", park_folder, "--year", 2026)
    # 80 + 120 x 25 % = 110 of 200 t.
    assert found["secondary_material_share", "alpha"]["value"] == pytest.approx(55)
    assert found["recycled_content", "p"]["value"] == pytest.approx((80 + 24) / 200 * 100)
    assert found["recycled_outflow", "alpha"]["value"] == pytest.approx(85)
    assert found["material_circularity", "alpha:nails"]["value"] == pytest.approx(0.1)
    assert "product data of 2025" in found["material_circularity", "alpha:nails"]["note_en"]


def test_a_month_balances_over_an_exchange_and_shows_its_remainder(park_folder: Path, store_file: Path) -> None:
    found = told("--park", park_folder, "--month", "2026-02", "--store", f"sqlite:///{store_file}")
    assert found["symbiosis_given", "swarf"]["value"] == pytest.approx(672)
    assert found["symbiosis_taken", "swarf"]["value"] == pytest.approx(672 * 0.98)
    remainder = found["symbiosis_remainder", "swarf"]
    assert remainder["value"] == pytest.approx(672 * 0.02)
    assert remainder["inputs"]["remainder_percent"] == pytest.approx(2)
    assert found["symbiosis_intensity", "p"]["value"] == pytest.approx(672)
    assert found["circular_water_share", "p"]["value"] == pytest.approx(25)
    assert found["onsite_water_reuse_ratio", "p"]["value"] == pytest.approx(1 / 3)
    assert found["water_reuse_share", "p"]["reason_en"] == "no point measures wastewater discharged"


def test_each_number_comes_with_its_working_and_source(park_folder: Path) -> None:
    done = run("--park", park_folder, "--month", "2026-02")
    lines = done.stdout.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("waste diverted  p  2026-02-01 to 2026-02-28"))
    assert lines[place].endswith("60 %  (90 % of the data)  [waste_diversion_share]")
    assert "(reuse + recycling + biological) / waste x 100; waste_t = 100" in lines[place + 1]
    assert lines[place + 2].strip().startswith("setting: Circular 05/2025/TT-BKHDT")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--month", "2026-13"), "--month: '2026-13' is not a month (YYYY-MM)"),
        (("--month", "2026-02", "--year", "2026"), "--month and --year: give one of them"),
        (("--year", "2199"), "the period from 2199-01-01 has not begun"),
    ],
)
def test_a_wrong_period_is_one_sentence(park_folder: Path, arguments: tuple[str, ...], said: str) -> None:
    assert str(run("--park", park_folder, *arguments).exception) == said


def test_the_circles_are_said_in_vietnamese(park_folder: Path) -> None:
    arguments = ["circular", "--park", str(park_folder), "--month", "2026-04", "--language", "vi"]
    done = CliRunner().invoke(analytics, arguments)
    assert done.exception is None, done.exception
    for words in ("không có giá trị: kỳ này chưa có chứng từ chất thải", "cách tính: tổng các chuyến", "dữ liệu",
                  "tỷ lệ chôn lấp", "chỉ số tuần hoàn vật liệu (MCI)"):  # fmt: skip
        assert words in done.stdout, words
    for word in ("no value", "working:", "of the data", "setting:"):
        assert word not in done.stdout, word


def test_inputs_and_numbers_are_said_as_a_vietnamese_reader_expects(park_folder: Path) -> None:
    heavy = (
        FILES["manifests.csv"] + "2026-02-06,beta,ewc,020204,1285.8,biological,no\n2026-02-07,beta,ewc,020204,1,,no\n"
    )
    (park_folder / "manifests.csv").write_text(heavy, encoding="utf-8")
    done = run("--park", park_folder, "--month", "2026-02", "--language", "vi")
    assert done.exception is None, done.exception
    for words in (
        "1.386,8 t", "số chuyến = 2, nơi đến = xử lý sinh học, không rõ, nguy hại = 0 t", "không rõ nơi đến = 11 t",
        "phần tái chế trong vật liệu vào", "phần được tái sử dụng của vật liệu ra", "nguyên liệu nguyên sinh",
    ):  # fmt: skip
        assert words in done.stdout, words
    # The id stands in brackets at the end of a line, and nowhere else.
    text = re.sub(r"  \[\w+\]$", "", done.stdout, flags=re.MULTILINE)
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", text) == []
    assert "1,386.8" not in text


def test_water_and_links_are_said_in_vietnamese_without_a_word_of_the_program(
    park_folder: Path, store_file: Path
) -> None:
    done = run("--park", park_folder, "--month", "2026-02", "--store", f"sqlite:///{store_file}", "--language", "vi")
    assert "đã giao = 672 t, đã nhận = 658,56 t, chênh lệch = 2 %" in done.stdout
    assert "tái sử dụng = 6.720 m³, nước vào = 20.160 m³" in done.stdout
    text = re.sub(r"  \[\w+\]$", "", done.stdout, flags=re.MULTILINE)
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", text) == []
