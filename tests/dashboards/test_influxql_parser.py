"""The parser takes what boards emit and refuses the rest, saying where."""

import pytest

from dashboards.grafana.influxql_parser import InfluxqlError, SelectStatement, parse_select

PLAIN = (
    'SELECT mean("cod_mg_l") AS "cod" FROM "wastewater" WHERE $timeFilter AND ("park" = \'a\' OR "park" = \'b\') '
    'AND "status" = 0 AND ("reason" != \'\') = false AND "tenant" =~ /^${tenant:regex}$/ '
    "GROUP BY time($__interval, 61200s), \"device\" fill(null) ORDER BY time DESC LIMIT 1 tz('Asia/Ho_Chi_Minh')"
)


def test_a_whole_statement_is_taken_apart() -> None:
    statement = parse_select(PLAIN)
    assert statement.source == "wastewater"
    assert (statement.fields, statement.columns) == ({"cod_mg_l"}, ["cod"])
    assert statement.conditions == {"park", "status", "reason", "tenant"}
    assert (statement.group_by, statement.bucket, statement.has_time_filter) == (["device"], "$__interval", True)


def test_a_subquery_is_parsed_too() -> None:
    statement = parse_select(
        'SELECT sum("each") FROM (SELECT mean("a") AS "each" FROM "energy" WHERE $timeFilter '
        'GROUP BY time(1m), "point" fill(none)) WHERE $timeFilter GROUP BY time(1m)'
    )
    assert isinstance(statement.source, SelectStatement)
    assert (statement.source.source, statement.source.columns) == ("energy", ["each"])


def test_functions_nest() -> None:
    assert parse_select('SELECT non_negative_difference(last("volume_m3")) FROM "water"').fields == {"volume_m3"}


def test_exact_times_are_a_time_filter() -> None:
    assert parse_select('SELECT "a" FROM "energy" WHERE time >= 5ms AND time < 6ms').has_time_filter


def test_quoted_text_may_hold_anything() -> None:
    statement = parse_select('SELECT "a" FROM "energy" WHERE "park" = \'it\\\'s FROM "x" (\' AND $timeFilter')
    assert statement.conditions == {"park"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the end"),
        ("DROP MEASUREMENT energy", "'DROP' where SELECT"),
        ('SELECT "a"', "the end' where FROM"),
        ('SELECT "a" FROM', "ends where a name"),
        ('SELECT median("a") FROM "energy"', "unknown function 'median'"),
        ('SELECT mean("a" FROM "energy"', "'FROM' where '\\)'"),
        ('SELECT "a" FROM "energy" WHERE "park" = ', "ends where a value"),
        ('SELECT "a" FROM "energy" WHERE "park" = "tenant"', "'tenant' is no value"),
        ('SELECT "a" FROM "energy" WHERE \'x\' = 1', "cannot begin with 'x'"),
        ('SELECT "a" FROM "energy" fill(zero)', "unknown fill"),
        ('SELECT "a" FROM "energy"; DROP DATABASE x', "cannot read '; DROP DATABASE x'"),
        ('SELECT "a" FROM "energy" SELECT', "unexpected 'SELECT'"),
        ('SELECT "a" FROM (SELECT "a" FROM (SELECT "a" FROM (SELECT "a" FROM "b")))', "too many subqueries"),
    ],
)
def test_what_is_outside_the_subset_is_refused(text: str, message: str) -> None:
    with pytest.raises(InfluxqlError, match=message):
        parse_select(text)
