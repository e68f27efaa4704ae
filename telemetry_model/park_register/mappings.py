"""Which foreign topic or metric is which point: the tables ``topics.csv`` and ``sparkplug.csv``."""

from collections.abc import Mapping

from telemetry_model.park_register.problems import RegisterProblem
from telemetry_model.park_register.tables import Row, read_table
from telemetry_model.park_register.types import MeasuringPoint, SparkplugMapping, TopicMapping
from telemetry_model.sparkplug.addresses import NAMESPACE as SPARKPLUG_ROOT
from telemetry_model.topics import ROOT
from telemetry_model.units import conversion_factor

DEFAULT_PATH = "value"
IGNORED = "-"
"""In ``sparkplug.csv``: a metric that is known and not wanted."""
MAX_TOPIC_BYTES = 1_000


def read_topics(
    text: str | None, points: Mapping[str, MeasuringPoint], problems: list[RegisterProblem]
) -> tuple[TopicMapping, ...]:
    """Each topic and path once; the topics of gateways and of Sparkplug are not for mapping."""
    if text is None:
        return ()
    found: dict[tuple[str, str], TopicMapping] = {}
    required = ("topic", "point")
    for row in read_table("topics.csv", text, required, (*required, "path", "unit"), problems):
        topic, path = row.text("topic"), row.text("path", DEFAULT_PATH)
        _check_topic(row, topic)
        if not all(path.split(".")):
            row.problem("path", f"'{path}' is not a path of names joined by dots")
        if (topic, path) in found:
            row.problem("topic", f"'{topic}' with path '{path}' is there twice")
        point = _point(row, points)
        found[topic, path] = TopicMapping(topic, point, path, _unit(row, points.get(point)))
    return tuple(found.values())


def read_sparkplug(
    text: str | None, points: Mapping[str, MeasuringPoint], problems: list[RegisterProblem]
) -> tuple[SparkplugMapping, ...]:
    """Each metric once; a point of ``-`` says that the metric is known and not wanted."""
    if text is None:
        return ()
    found: dict[tuple[str, str, str, str], SparkplugMapping] = {}
    required = ("group", "edge", "metric", "point")
    for row in read_table("sparkplug.csv", text, required, (*required, "device", "unit"), problems):
        group, edge, device = (row.text(column) for column in ("group", "edge", "device"))
        for column, value in (("group", group), ("edge", edge), ("device", device)):
            if set(value) & set("/+#") or (not value and column != "device"):
                row.problem(column, f"'{value}' is not a Sparkplug id (no /, + or #, not empty)")
        metric = row.text("metric")
        if not metric:
            row.problem("metric", "a metric name is required")
        key = (group, edge, device, metric)
        if key in found:
            row.problem("metric", f"'{metric}' is there twice for this node and device")
        point = "" if row.text("point") == IGNORED else _point(row, points)
        found[key] = SparkplugMapping(*key, point, _unit(row, points.get(point)))
    return tuple(found.values())


def _check_topic(row: Row, topic: str) -> None:
    if not topic or len(topic.encode()) > MAX_TOPIC_BYTES or set(topic) & set("+#\0"):
        row.problem("topic", f"'{topic[:80]}' is not a topic (not empty, no wildcards + or #)")
    elif topic.startswith(("$", f"{ROOT}/", f"{SPARKPLUG_ROOT}/")):
        row.problem("topic", f"'{topic}' belongs to gateways, Sparkplug or the broker and cannot be mapped")


def _point(row: Row, points: Mapping[str, MeasuringPoint]) -> str:
    point = row.text("point")
    if point not in points:
        row.problem("point", f"unknown point '{point}' (not in points.csv)")
    return point


def _unit(row: Row, point: MeasuringPoint | None) -> str:
    unit = row.text("unit")
    if unit and point is not None and conversion_factor(unit, point.unit) is None:
        row.problem("unit", f"no way from '{unit}' to {point.unit} of {point.id}")
    return unit
