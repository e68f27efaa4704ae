"""The ``ecopark simulate`` commands: serve a park's devices, list scenarios, describe one."""

import asyncio
from datetime import date, datetime
from pathlib import Path

import click

from service_runtime.clock import SystemClock
from service_runtime.local_times import local_date
from service_runtime.supervision import run_until_stopped, stop_on_signals
from service_runtime.text_folder import read_text_folder
from simulators.deliveries import AnyMishap
from simulators.events import AnyEvent
from simulators.scenario import ExpectedFinding, PlacedScenario, load_scenario, scenario_names
from telemetry_model.park_register import Park, parse_park
from telemetry_store.command_options import PARK_HELP


@click.group()
def simulate() -> None:
    """Serve a simulated park over Modbus TCP, or look at the scenarios."""


@simulate.command()
@click.option("--park", "park_folder", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help=PARK_HELP)
@click.option(
    "--scenario", "name", default="bach-dang-demo", show_default=True, help="A scenario's name or .toml file."
)
@click.option("--seed", type=int, default=None, help="Another random course of the same events.")
@click.option(
    "--today",
    "today_text",
    metavar="DAY",
    show_default="today",
    help="Day 0 of the scenario: 2026-11-01. Default: today.",
)
@click.option("--base-port", type=click.IntRange(1, 65_000), default=None, help="Move all devices to ports from here.")
def serve(park_folder: Path, name: str, seed: int | None, today_text: str | None, base_port: int | None) -> None:
    """Run every device of the park until stopped."""
    park = parse_park(read_text_folder(park_folder))
    scenario = load_scenario(name).on(_today(today_text, park), park.timezone, seed)
    asyncio.run(_serve(park, scenario, base_port))


@simulate.command(name="list")
def list_scenarios() -> None:
    """List the scenarios that come with Ecopark."""
    print_scenarios()


def print_scenarios() -> None:
    """One scenario a line: its name, and what it is."""
    for name in scenario_names():
        click.echo(f"{name:26} {load_scenario(name).title_en}")


@simulate.command(short_help="What happens in a scenario, and what must come out.")
@click.argument("name")
def describe(name: str) -> None:
    """Show what happens in a scenario and which findings and alerts must come out."""
    scenario = load_scenario(name)
    click.echo(f"{scenario.name}: {scenario.title_en}\n{' ' * len(scenario.name)}  {scenario.title_vi}")
    for story in (scenario.story_en, scenario.story_vi):
        if story:
            click.echo(f"{' ' * len(scenario.name)}  {story}")
    click.echo(f"\nPark: {scenario.park}")
    click.echo(f"\nEvents ({len(scenario.events)})")
    for event in scenario.events:
        click.echo(f"  {describe_event(event)}")
    if scenario.deliveries:
        click.echo(f"\nOn the way to ingest ({len(scenario.deliveries)})")
        for mishap in scenario.deliveries:
            click.echo(f"  {describe_event(mishap)}")
    click.echo(f"\nExpected findings that are not compliant ({len(scenario.expected_findings)})")
    for finding in scenario.expected_findings:
        click.echo(f"  {_describe_finding(finding)}")
    if scenario.expected_before:
        click.echo(f"\nKnown before late or corrected readings come ({len(scenario.expected_before)})")
        for finding in scenario.expected_before:
            click.echo(f"  {_describe_finding(finding)}")
    if scenario.expected_anomalies:
        click.echo(f"\nAnomalies to be seen ({len(scenario.expected_anomalies)})")
        for anomaly in scenario.expected_anomalies:
            click.echo(f"  {_day(anomaly.day):16} {anomaly.rule:17} {anomaly.subject}")
    click.echo(f"\nExpected alerts ({len(scenario.expected_alerts)})")
    for alert in scenario.expected_alerts:
        click.echo(f"  {alert.rule:17} {alert.subject:30} to {alert.tenant}")


def describe_event(event: AnyEvent | AnyMishap) -> str:
    """One line: when, what, where, and the note."""
    fixed = {"day", "until_day", "start_hour", "end_hour", "note"}
    kind = str(event.__struct_config__.tag)
    details = [f"{name}={getattr(event, name)}" for name in event.__struct_fields__ if name not in fixed]
    when = "the whole time" if event.day is None else _day(event.day)
    lasts = event.until_day is not None and event.until_day != event.day
    if event.day is not None and (lasts or (event.start_hour, event.end_hour) != (0.0, 24.0)):
        end = f"{_day(event.until_day)} {_hour(event.end_hour)}" if lasts and event.until_day is not None else ""
        when += f" {_hour(event.start_hour)}-{end or _hour(event.end_hour)}"
    return f"{when:22} {kind:18} {', '.join(details)}" + (f"\n{'':25}{event.note}" if event.note else "")


def _describe_finding(finding: ExpectedFinding) -> str:
    when = "period to date" if finding.day is None else _day(finding.day)
    note = f"  ({finding.note})" if finding.note else ""
    return f"{when:16} {finding.rule:17} {finding.subject:30} {finding.verdict}{note}"


def _day(day: int) -> str:
    return "today" if day == 0 else f"day {day:+d}"


def _hour(hour: float) -> str:
    return f"{int(hour):02d}:{round(hour % 1 * 60):02d}"


def _today(text: str | None, park: Park) -> date:
    if text is None:
        return datetime.now(park.timezone).date()
    return local_date(text, "--today")


async def _serve(park: Park, scenario: PlacedScenario, base_port: int | None) -> None:
    from simulators.devices.device_park import DevicePark  # noqa: PLC0415 - only serving needs the Modbus library

    stop = stop_on_signals()
    devices = DevicePark(park, scenario, SystemClock(), base_port)
    try:
        await devices.start()
        await run_until_stopped(stop, {"devices": devices.run()})
    finally:
        await devices.stop()
