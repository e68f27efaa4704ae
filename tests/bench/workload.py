"""What the parts are fed with: readings of registered points as gateways send them, and a park of plain meters."""

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from deploy.local.workdir import PARKS
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import MeasuringPoint, Park, parse_park
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack

DEMO_PARK = PARKS / "bach-dang"
GATEWAY = "gw-west"
PACK_READINGS = 200
METER_QUANTITIES = {
    "voltage": "V", "current": "A", "active_power": "kW", "apparent_power": "kVA", "reactive_power": "kvar",
    "power_factor": "1", "frequency": "Hz", "active_energy_import": "kWh", "active_energy_export": "kWh",
    "reactive_energy_import": "kvarh",
}  # fmt: skip
METER_GATEWAY = "gw-meters"
"""Polls the meters of :func:`write_meter_park`."""
METER_PROFILE = "eastron-sdm630"


def demo_park() -> Park:
    """The register of the demo park."""
    return parse_park(read_text_folder(DEMO_PARK))


def units_of(park: Park) -> dict[str, str]:
    """Unit by point."""
    return {point.id: point.unit for point in park.points.values()}


def readings(park: Park, count: int, start_ms: int, gateway: str = GATEWAY, step_ms: int = 1000) -> list[Reading]:
    """``count`` readings, one for each of the gateway's points at each step, all within their ranges."""
    points = [point for point in park.points.values() if point.gateway == gateway]
    chance = random.Random(7)
    flow: list[Reading] = []
    for number in range(count):
        step, place = divmod(number, len(points))
        flow.append(Reading(points[place].id, start_ms + step * step_ms, _value(points[place], chance)))
    return flow


def batches(flow: Sequence[Reading], size: int = PACK_READINGS) -> Iterator[Sequence[Reading]]:
    """Slices of ``size``, the last one perhaps shorter."""
    return (flow[at : at + size] for at in range(0, len(flow), size))


def packs(park: Park, count: int, size: int, start_ms: int) -> list[bytes]:
    """``count`` SenML packs of ``size`` readings each; no two readings share point and time."""
    units = units_of(park)
    return [encode_pack(batch, units) for batch in batches(readings(park, count * size, start_ms), size)]


def write_meter_park(folder: Path, meters: int, first_port: int, poll_seconds: float) -> Park:
    """A register of ``meters`` three-phase meters with ten points each, on neighbouring ports of this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    head = 'id = "bench"\nname_vi = "Khu đo thử"\nname_en = "Bench park"\ntimezone = "Asia/Ho_Chi_Minh"\n'
    (folder / "park.toml").write_text(head, encoding="utf-8")
    owner = ["park", "Bench park", "operator", "zone-a"]
    _write_table(folder / "tenants.csv", ["tenant", "name", "sector", "zone"], [owner])
    _write_table(folder / "contacts.csv", ["tenant", "name", "email", "language"], [])
    names = [f"em-{n:03d}" for n in range(meters)]
    _write_table(
        folder / "points.csv",
        ["point", "tenant", "zone", "medium", "unit", "interval_seconds", "gateway"],
        [
            [f"{name}.{quantity}", "park", "zone-a", "energy", unit, 60, METER_GATEWAY]
            for name in names
            for quantity, unit in METER_QUANTITIES.items()
        ],
    )
    _write_table(
        folder / "devices.csv",
        ["device", "gateway", "profile", "host", "port", "unit_id", "poll_seconds"],
        [
            [name, METER_GATEWAY, METER_PROFILE, "127.0.0.1", first_port + n, 1, poll_seconds]
            for n, name in enumerate(names)
        ],
    )
    return parse_park(read_text_folder(folder))


def _value(point: MeasuringPoint, chance: random.Random) -> float:
    low, high = max(point.low, -1000.0), min(point.high, 10_000.0)
    return round(chance.uniform(low, high), 2) if low < high else point.low


def _write_table(path: Path, columns: list[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
