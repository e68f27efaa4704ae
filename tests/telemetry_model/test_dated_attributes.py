"""Attributes by the day: what holds when, and which changes of the register are refused."""

from datetime import date

import pytest

from telemetry_model.park_register import AttributeChange, DatedAttributes, Park, RegisterError, parse_park

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
HEAD = 'id = "p"\nname_vi = "Khu"\nname_en = "Park"\n'
STACK = """
[[installations]]
id = "chp"
kind = "stack"
device = "st"
tenant = "park"
name_vi = "Ống khói"
name_en = "Stack"
equipment = "gas_turbine"
permit_co_mg_nm3 = 100
"""
CHANGE = "\n[[installations.changes]]\n"


def read(text: str) -> Park:
    return parse_park(
        {
            "park.toml": HEAD + text,
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\n",
            "points.csv": "point,tenant,zone,medium,unit\nst.co,park,z,emissions,mg/Nm3\n",
        }
    )


def problems(text: str) -> list[str]:
    with pytest.raises(RegisterError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_value_holds_from_its_day_on() -> None:
    stack = read(STACK + CHANGE + 'from = 2026-09-01\ndocument = "GP 12"\npermit_co_mg_nm3 = 80\n').installations["chp"]
    assert stack.attributes_on(date(2026, 8, 31))["permit_co_mg_nm3"] == 100
    assert stack.attributes_on(SEPTEMBER)["permit_co_mg_nm3"] == 80


def test_what_a_change_does_not_name_holds_on() -> None:
    stack = read(STACK + CHANGE + "from = 2026-09-01\npermit_co_mg_nm3 = 80\n").installations["chp"]
    assert stack.attributes_on(SEPTEMBER)["equipment"] == "gas_turbine"


def test_an_attribute_can_end() -> None:
    stack = read(STACK + CHANGE + 'from = 2026-09-01\nwithout = ["permit_co_mg_nm3"]\n').installations["chp"]
    assert "permit_co_mg_nm3" in stack.attributes_on(date(2026, 8, 31))
    assert "permit_co_mg_nm3" not in stack.attributes_on(SEPTEMBER)


def test_the_park_itself_changes_in_the_same_way() -> None:
    park = read("[attributes]\narea_ha = 300\n\n[[changes]]\nfrom = 2026-09-01\narea_ha = 320\n")
    assert [park.attributes_on(day)["area_ha"] for day in (date(2026, 8, 31), SEPTEMBER)] == [300, 320]


def test_the_change_behind_a_value_is_the_last_one_that_names_it() -> None:
    first = AttributeChange(SEPTEMBER, {"kq": 0.9, "kf": 1.0}, "one")
    second = AttributeChange(OCTOBER, {"kf": 1.1}, "two")
    dated = DatedAttributes({"kq": 0.8}, (first, second))
    assert dated.since("kq", date(2026, 8, 31)) is None
    assert [dated.since(name, date(2027, 1, 1)) for name in ("kq", "kf", "column")] == [first, second, None]


def test_eras_follow_each_other_without_a_gap() -> None:
    changes = (AttributeChange(SEPTEMBER, {"kq": 1.0}), AttributeChange(OCTOBER, {}, without=("kq",)))
    eras = DatedAttributes({"kq": 0.9}, changes).eras
    assert [(era.first_day, era.end_day, dict(era.attributes)) for era in eras] == [
        (date.min, SEPTEMBER, {"kq": 0.9}), (SEPTEMBER, OCTOBER, {"kq": 1.0}), (OCTOBER, date.max, {}),
    ]  # fmt: skip


def test_only_changes_after_the_day_and_of_the_names_are_within_a_period() -> None:
    changes = (AttributeChange(SEPTEMBER, {"kq": 1.0}), AttributeChange(OCTOBER, {"kf": 1.0}))
    dated = DatedAttributes({}, changes)
    assert dated.changed_between(("kf",), date(2026, 8, 1), date(2026, 10, 31)) == [(changes[1], "kf")]
    assert dated.changed_between(("kq",), SEPTEMBER, OCTOBER) == []
    assert dated.changed_between(("kf",), SEPTEMBER, date(2026, 9, 30)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("from = 2026-09-01\npermit_co_mgnm3 = 80", "installations[1].changes[1].permit_co_mgnm3: unknown attribute"),
        (
            "from = 2026-09-01\npermit_co_mg_nm3 = 0",
            "installations[1].changes[1].permit_co_mg_nm3: '0' is not a number",
        ),
        ("from = 2026-09-01\npermit_co_mg_nm3 = [1]", "must be a text, number, date or bool"),
        ("permit_co_mg_nm3 = 80", "installations[1].changes[1].from: the first day of a change of 'chp' (kind stack)"),
        ('from = "2026-09-01"\npermit_co_mg_nm3 = 80', "'2026-09-01' is not a date (YYYY-MM-DD, unquoted)"),
        ("from = 2026-09-01T12:00:00\nkp = 1", "(kind stack) 2026-09-01T12:00:00 is not a date (YYYY-MM-DD, unquoted)"),
        ("from = 06:30:00\nkp = 1", "06:30:00 is not a date"),
        ("from = true\nkp = 1", "true is not a date"),
        (
            "form = 2026-09-01\nkp = 1",
            "[1].form: unknown key 'form' in a change of 'chp' (kind stack): did you mean 'from'?",
        ),
        (
            "from = 2026-09-01\ndocment = 'GP'\nkp = 1",
            "unknown key 'docment' in a change of 'chp' (kind stack): did you mean 'document'?",
        ),
        (
            "from = 2026-09-01\nwihtout = ['equipment']",
            "[1].wihtout: unknown key 'wihtout' in a change of 'chp' (kind stack): did you mean 'without'?",
        ),
        ("from = 2026-09-01", "installations[1].changes[1]: this change of 'chp' (kind stack) changes nothing"),
        ("from = 2026-09-01\npermit_co_mg_nm3 = 100", "changes nothing"),
        ('from = 2026-09-01\ndocument = "GP"', "changes nothing"),
        ("from = 2026-09-01\ndevice = 'st-2'", "'device' says what 'chp' (kind stack) is and cannot change on a day"),
        ("from = 2026-09-01\nname_en = 'x'", "'name_en' says what 'chp' (kind stack) is and cannot change on a day"),
        ("from = 2026-09-01\nwithout = ['kp']", "'kp' of 'chp' (kind stack) does not hold before it"),
        (
            "from = 2026-09-01\nwithout = ['tenant']",
            "'tenant' says what 'chp' (kind stack) is and cannot be taken away",
        ),
        (
            "from = 2026-09-01\nkp = 1\nwithout = ['kp']",
            "'kp' of 'chp' (kind stack) is given a value in the same change",
        ),
        ("from = 2026-09-01\ndocument = 5\nkp = 1", "changes[1].document: 5 is not a line of text"),
        ('from = 2026-09-01\ndocument = "a\\nb"\nkp = 1', "is not a line of text"),
    ],
)
def test_a_change_that_says_nothing_sound_is_refused(change: str, said: str) -> None:
    (found,) = problems(STACK + CHANGE + change + "\n")
    assert found.startswith("park.toml, column installations[1].changes[1]")
    assert said in found


def test_dates_must_grow() -> None:
    text = STACK + CHANGE + "from = 2026-09-01\nkp = 1\n" + CHANGE + "from = 2026-09-01\nkv = 1\n"
    (found,) = problems(text)
    assert found.startswith("park.toml, column installations[1].changes[2].from: 2026-09-01 does not come after")


def test_a_renewed_licence_may_state_the_same_figures() -> None:
    text = STACK + CHANGE + 'from = 2026-09-01\ndocument = "GP 13"\npermit_co_mg_nm3 = 100\n'
    change = read(text).installations["chp"].dated.since("permit_co_mg_nm3", SEPTEMBER)
    assert change is not None
    assert change.document == "GP 13"


@pytest.mark.parametrize("line", ["simulated = false", "latitude_degrees = 21.0"])
def test_what_the_park_is_does_not_change_on_a_day(line: str) -> None:
    (found,) = problems(f"[attributes]\nsimulated = true\n\n[[changes]]\nfrom = 2026-09-01\n{line}\n")
    assert found.startswith(f"park.toml, column changes[1].{line.split(maxsplit=1)[0]}: ")


def test_changes_that_are_no_tables_are_refused() -> None:
    (found,) = problems(STACK + "changes = 5\n")
    assert "changes of 'chp' (kind stack) must be tables: [[installations.changes]]" in found


def test_a_key_of_a_change_of_the_park_is_not_taken_for_another_fact() -> None:
    (found,) = problems("[[changes]]\nform = 2026-09-01\narea_ha = 320\n")
    assert (
        found == "park.toml, column changes[1].form: unknown key 'form' in a change of the park: did you mean 'from'?"
    )


def test_another_fact_of_the_park_may_be_called_much_like_a_key_that_is_there() -> None:
    park = read("[[changes]]\nfrom = 2026-09-01\nform = 3\n")
    assert park.attributes_on(SEPTEMBER)["form"] == 3
