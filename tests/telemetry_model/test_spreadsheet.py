"""What spreadsheets do to a register: each oddity is either read as it is meant, or one line that says what to do."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, RegisterError, parse_park
from telemetry_model.park_register.spreadsheet import number_hint, tidy

FILES = {
    "park.toml": 'id = "thu"\nname_vi = "Khu công nghiệp Thử"\nname_en = "Trial"\n',
    "tenants.csv": "tenant,name,sector\npark,Khu công nghiệp Thử,operator\nthep,Thép Bạch Đằng,steel\n",
    "points.csv": (
        "point,tenant,zone,medium,unit,range_high\nem-1.active_power,thep,z1,energy,kW,1000\n"
        "em-1.voltage,thep,z1,energy,V,\n"
    ),
    "contacts.csv": "tenant,name,email,language\nthep,Lan,lan@thep.example,vi\n",
}
Change = Callable[[str], str]


def read(folder: Path, file: str, change: Change) -> Park:
    """The park as it is read from a disk on which one file was changed."""
    for name, text in FILES.items():
        changed = change(text) if name == file else text
        (folder / name).write_bytes(changed.encode())
    return parse_park(read_text_folder(folder))


TOLERATED: dict[str, tuple[str, Change]] = {
    "byte order mark": ("points.csv", lambda text: "\ufeff" + text),
    "two byte order marks": ("points.csv", lambda text: "\ufeff\ufeff" + text),
    "CRLF": ("points.csv", lambda text: text.replace("\n", "\r\n")),
    "CRLF in the TOML": ("park.toml", lambda text: text.replace("\n", "\r\n")),
    "no newline at the end": ("points.csv", str.rstrip),
    "empty rows at the end": ("points.csv", lambda text: text + "\n,,,,,\n , ,,,,\n"),
    "an empty row between": ("points.csv", lambda text: text.replace("\nem-1.v", "\n,,,,,\nem-1.v")),
    "empty columns at the end": ("points.csv", lambda text: text.replace("\n", ",,\n")),
    "empty columns only in the rows": ("points.csv", lambda text: text.replace("1000\n", "1000,, \n")),
    "non-breaking spaces around": ("points.csv", lambda text: text.replace("thep", "\u00a0thep\u202f")),
    "non-breaking space in the header": ("points.csv", lambda text: text.replace("tenant", "tenant\u00a0")),
    "non-breaking space in the TOML": ("park.toml", lambda text: text.replace(" = ", "\u00a0=\u00a0")),
    "non-breaking space in a name": ("tenants.csv", lambda text: text.replace("Thép Bạch", "Thép\u00a0Bạch")),
    "zero-width characters": ("points.csv", lambda text: text.replace("em-1", "\u200bem-1\u200b")),
    "decomposed letters": ("tenants.csv", lambda text: unicodedata.normalize("NFD", text)),
    "decomposed letters in the TOML": ("park.toml", lambda text: unicodedata.normalize("NFD", text)),
}


@pytest.mark.parametrize("case", TOLERATED)
def test_what_cannot_be_seen_changes_nothing(tmp_path: Path, case: str) -> None:
    park = read(tmp_path, *TOLERATED[case])
    assert park == parse_park(FILES)


MISTAKES: dict[str, tuple[str, Change, str]] = {
    "decimal comma in quotes": (
        "points.csv", lambda text: text.replace("1000", '"0,9"'),
        "points.csv, row 2, column range_high: '0,9' is not a number: write 0.9",
    ),
    "decimal comma": (
        "points.csv", lambda text: text.replace("1000", "0,9"),
        "points.csv, row 2: 7 cells but 6 columns: is there a comma inside a cell? Put the cell in quotes, and write",
    ),
    "thousands apart": (
        "points.csv", lambda text: text.replace("1000", "1\u202f000"),
        "points.csv, row 2, column range_high: '1 000' is not a number: write 1000",
    ),
    "thousands with a comma": (
        "points.csv", lambda text: text.replace("1000", '"1,000"'),
        "points.csv, row 2, column range_high: '1,000' is not a number: write 1.000 or 1000",
    ),
    "a column twice": (
        "points.csv", lambda text: text.replace("range_high", "zone"),
        "points.csv, row 1, column zone: the column is there twice: which one counts?",
    ),
    "a note beside the table": (
        "points.csv", lambda text: text.replace("1000\n", "1000,new meter\n"),
        "points.csv, row 2: 7 cells but 6 columns: is there a comma inside a cell? Put the cell in quotes, and write",
    ),
    "a day as it is spoken": (
        "points.csv", lambda text: text.replace("range_high", "since").replace("1000", "23/11/2026"),
        "points.csv, row 2, column since: '23/11/2026' is not a date (YYYY-MM-DD)",
    ),
    "a column with no name between": (
        "points.csv", lambda text: text.replace("zone", "").replace("unit", "unit,zone"),
        "points.csv, row 1, column (empty): unknown column",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_not_sure_is_one_line(tmp_path: Path, case: str) -> None:
    file, change, said = MISTAKES[case]
    with pytest.raises(RegisterError) as caught:
        read(tmp_path, file, change)
    lines = [str(problem) for problem in caught.value.problems]
    assert lines[0].startswith(said)
    assert "\n" not in lines[0]


def test_names_on_the_wire_are_left_as_they_are() -> None:
    topic = unicodedata.normalize("NFD", "xưởng/điện")
    assert tidy("topics.csv", f"\ufeff{topic}\u00a0") == f"{topic}\u00a0"


@pytest.mark.parametrize("value", ["abc", "1.2.3", "", "1,2,3"])
def test_what_is_no_number_at_all_gets_no_hint(value: str) -> None:
    assert number_hint(value) == ""
