"""Limits that change on a day: charts draw each for its own days; a board with one line says when it moves."""

import dataclasses
import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analytics.rulebook import Rule
from dashboards.board import LimitRef, Text
from dashboards.limits import LimitLine, limit_lines
from telemetry_model.park_register import Park

_STEPS = Text(
    "Giới hạn thay đổi theo sổ đăng ký từ ngày {days}. Đường này là giới hạn ngày {day}; mỗi kết luận ghi giới hạn "
    "của chính kỳ đó.",
    "By the park register the limit changes on {days}. This line is that of {day}; each finding names the limit of its "
    "own period.",
)


def stepped_limit_lines(
    reference: LimitRef | None, park: Park, rules: Sequence[Rule], start_ms: int, stop_ms: int, tenant: str = ""
) -> tuple[LimitLine, ...]:
    """The lines of a panel over ``[start_ms, stop_ms)``: one that holds on some of the days alone is cut to them."""
    if reference is None:
        return ()
    zone = park.timezone
    first, last = _local_day(start_ms, zone), _local_day(max(start_ms, stop_ms - 1), zone)
    days = [first, *(day for day in _days_of_change(reference, park, rules) if first < day <= last)]
    found: dict[LimitLine, list[tuple[date, date]]] = {}
    for day, end in itertools.pairwise((*days, last + timedelta(days=1))):
        for line in limit_lines(reference, park, rules, day, tenant):
            stretches = found.setdefault(line, [])
            begin = stretches.pop()[0] if stretches and stretches[-1][1] == day else day
            stretches.append((begin, end))
    return tuple(
        dataclasses.replace(
            line,
            start_ms=_midnight_ms(begin, zone) if begin > first else None,
            stop_ms=_midnight_ms(end, zone) if end <= last else None,
        )
        for line, stretches in found.items()
        for begin, end in stretches
    )


def steps_text(
    reference: LimitRef | None, park: Park, rules: Sequence[Rule], day: date, language: str, tenant: str = ""
) -> str:
    """What a board with one line for all days has to say; empty where no dated change moves the line."""
    if reference is None:
        return ""
    moved = [
        changed
        for changed in _register_days(reference, park)
        if limit_lines(reference, park, rules, changed - timedelta(days=1), tenant)
        != limit_lines(reference, park, rules, changed, tenant)
    ]
    return _STEPS.say(language).format(days=", ".join(map(str, moved)), day=day) if moved else ""


def _days_of_change(reference: LimitRef, park: Park, rules: Sequence[Rule]) -> list[date]:
    versions = [rule for rule in rules if rule.id == reference.rule]
    of_law = {rule.valid_from for rule in versions}
    of_law |= {rule.valid_to + timedelta(days=1) for rule in versions if rule.valid_to is not None}
    return sorted(of_law | set(_register_days(reference, park)))


def _register_days(reference: LimitRef, park: Park) -> list[date]:
    dated = (park.installations[name].dated for name in reference.installations)
    return sorted({change.first_day for each in dated for change in each.changes})


def _local_day(time_ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone).date()


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), tzinfo=zone).timestamp() * 1000)
