# ruff: noqa: E501 - one case a line
"""Profiles are refused with one line that names the file and the field."""

from pathlib import Path

import pytest

from gateway.sources.modbus.profile_files import load_profile, load_profiles, parse_profile
from service_runtime.errors import OperatorError

HEAD = 'title = "t"\nmaker = "m"\nsource = "s"\nmedia = ["energy"]\n'
GOOD = '[registers]\nactive_power = { address = 1, type = "f32", unit = "W" }\n'

BAD = [
    (HEAD + "[registers]\nactive_power = { address = 1, type = 'f31', unit = 'W' }", "x.toml: registers.active_power.type: "),
    (HEAD + "[registers]\nactive_power = { address = 70000, type = 'f32', unit = 'W' }", "registers.active_power.address: "),
    (HEAD + "[registers]\nactive_power = { adress = 1, type = 'f32', unit = 'W' }", "registers.active_power: "),
    (HEAD + "[registers]\nactive_power = { address = 65535, type = 'f32', unit = 'W' }", "registers.active_power.address: f32"),
    (HEAD + "[registers]\nactive_power = { address = 1, type = 'f32', unit = 'bar' }", "'bar' cannot be converted to kW"),
    (HEAD + "[registers]\nactive_power = { address = 1, type = 'f32' }", "give either unit or unit_code"),
    (HEAD + "[registers]\nactive_power = { address = 1, type = 'f32', unit = 'W', scale = 0 }", "active_power.scale: "),
    (HEAD + "[registers]\nactive_power = { address = 1, type = 'f32', unit = 'W', not_available = ['ones'] }", "not_available: "),
    (HEAD + "[registers]\ncod = { address = 1, type = 'f32', unit = 'mg/l' }", "registers.cod: unknown quantity 'cod' for energy"),
    (HEAD + "function = 5\n" + GOOD, "x.toml: function: "),
    (HEAD + "wordorder = 'CDAB'\n" + GOOD, "wordorder"),
    (HEAD + "blocks = [{ address = 10, count = 2 }]\n" + GOOD, "registers.active_power: address 1 (0x0001) lies in none"),
    (HEAD + GOOD + "[status]\naddress = 9\n", "status: give either fault_bits"),
    (HEAD + GOOD + "[status]\naddress = 9\nmeasuring = [0, 1]\nfault = [1]\n", "status: a code is listed twice"),
    (HEAD, "registers: at least one register"),
    ("title = ", "not valid TOML"),
    (GOOD, "missing required field"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[expected for _, expected in BAD])
def test_bad_profile_names_file_and_field(text: str, expected: str) -> None:
    with pytest.raises(OperatorError) as caught:
        parse_profile("x", text)
    assert str(caught.value).startswith("x.toml: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_built_in_profile_is_good_and_says_where_it_comes_from() -> None:
    profiles = load_profiles()
    assert len(profiles) >= 20
    assert all(profile.source and profile.maker for profile in profiles.values())


def test_every_example_says_so_in_name_and_title() -> None:
    for name, profile in load_profiles().items():
        assert profile.example == name.startswith("example-") == profile.title.startswith("EXAMPLE")


def test_own_folder_replaces_a_built_in_profile(tmp_path: Path) -> None:
    (tmp_path / "abb-b23.toml").write_text(HEAD + GOOD, encoding="utf-8")
    profiles = load_profiles(tmp_path)
    assert list(profiles["abb-b23"].registers) == ["active_power"]
    assert "eastron-sdm630" in profiles


def test_missing_folder_and_unreadable_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no such folder"):
        load_profiles(tmp_path / "nowhere")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(OperatorError, match=r"latin\.toml: not UTF-8"):
        load_profile(tmp_path / "latin.toml")
