"""``ecopark simulate NAME``: runs a scenario and says whether exactly what must come out came out."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service_runtime.errors import OperatorError
from simulators.command import describe, list_scenarios, print_scenarios, serve
from simulators.scenario import Scenario, load_scenario, scenario_names

if TYPE_CHECKING:
    from deploy.local.scenario_run import Comparison, FindingKey, ScenarioResult


class ScenarioGroup(click.Group):
    """Knows its own commands, and beside them every scenario by name or file."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of the group, or the run of a scenario."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        if cmd_name in scenario_names() or cmd_name.endswith(".toml"):
            return _run_command(cmd_name)
        raise OperatorError(f"no scenario or command '{cmd_name}' (`ecopark simulate --list` lists the scenarios)")


def _list_and_leave(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_scenarios()
        ctx.exit()


@click.group(cls=ScenarioGroup, commands=[serve, list_scenarios, describe], subcommand_metavar="NAME | COMMAND ...")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list_and_leave,
              help="List the scenarios.")  # fmt: skip
def simulate() -> None:
    """Run a scenario with truth, or serve a simulated park over Modbus TCP.

    A scenario is some simulated days or a month in which something happens: an instrument freezes, a day comes late,
    a limit changes at midnight. It is measured, sent, stored by ingest's own pipeline and judged, all in this process,
    and what comes out is compared with what must: nothing more and nothing less.

    \b
    ecopark simulate --list
    ecopark simulate night-discharge --report discharge.json
    ecopark simulate late-day --store sqlite:///late.db   keep the store, to look into it
    ecopark simulate my-case.toml                         a scenario of your own
    ecopark simulate describe late-day                    what happens in it, and what must come out
    """


def _run_command(name: str) -> click.Command:
    @click.command(name=name)
    @click.option("--store", callback=_store_file, metavar="URL", help="Keep the store here: sqlite:///file.db.")
    @click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write what came out as JSON.")
    @click.option("--seed", type=int, default=None, help="Another random course of the same events.")
    def run(store: Path | None, report: Path | None, seed: int | None) -> None:
        """Run this scenario; exit 1 when what comes out is not exactly what must."""
        run_and_tell(load_scenario(name), store, report, seed)

    return run


def _store_file(_context: click.Context, _option: click.Parameter, text: str | None) -> Path | None:
    """As every other command names it, or the file alone."""
    if text is None:
        return None
    if "://" in text.removeprefix("sqlite:///"):
        raise OperatorError(f"--store '{text}': a scenario keeps its store in a file, sqlite:///file.db")
    return Path(text.removeprefix("sqlite:///"))


def run_and_tell(scenario: Scenario, store: Path | None, report: Path | None, seed: int | None) -> None:
    """Run, print, write; exits 1 when the truth does not come out."""
    for file, option in ((store, "--store"), (report, "--report")):
        if file is not None and not file.resolve().parent.is_dir():
            raise OperatorError(f"{option}: no such folder {file.resolve().parent}")
    if store is not None and store.exists():
        raise OperatorError(f"--store: {store} is there already; a scenario needs an empty store")
    try:
        from deploy.local.scenario_revisions import without_postal_lines  # noqa: PLC0415
        from deploy.local.scenario_run import run_scenario  # noqa: PLC0415 - serving needs neither ingest nor analytics
    except ModuleNotFoundError as error:
        raise OperatorError(f"`ecopark simulate NAME` needs {error.name}: pip install 'ecopark[local]'") from error

    url = f"sqlite:///{store.resolve()}" if store is not None else ""
    with tempfile.TemporaryDirectory(prefix="ecopark-simulate-") as folder, without_postal_lines():
        result = asyncio.run(run_scenario(scenario, Path(folder), url, seed))
    _tell(result)
    if report is not None:
        report.write_text(json.dumps(as_report(result), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if not result.holds:
        sys.exit(1)


def as_report(result: "ScenarioResult") -> dict[str, Any]:
    """The JSON of ``--report``."""
    scenario = result.scenario
    return {
        "scenario": scenario.name,
        "park": result.park.id,
        "holds": result.holds,
        "readings": {
            "sent": result.readings, "stored": result.stored, "quarantined": result.quarantined,
            "quarantined_expected": scenario.expected_quarantined, "batches_sent_twice": result.duplicates,
        },
        "findings": {"judged": len(result.findings), **_compared(result.final)},
        "exceeded_shown_only": result.shown_only.shown,
        "letters": result.letters,
        "known_before": _compared(result.before) if result.before is not None else None,
        "not_compliant": list(result.not_compliant),
        "revisions": [list(key) for key in sorted(result.revisions)],
        "corrections": sorted(result.corrections),
        "anomalies": {
            "expected": len(result.anomalies.expected),
            "noticed": [
                {"day": key[0], "rule": key[1], "subject": key[2], "said_vi": seen.said_vi, "said_en": seen.said_en}
                for key, seen in sorted(result.anomalies.noticed.items())
            ],
            "missing": [list(key) for key in result.anomalies.missing],
            "unexpected": [list(key) for key in result.anomalies.unexpected],
        },
    }  # fmt: skip


def _compared(comparison: "Comparison") -> dict[str, Any]:
    return {
        "expected": len(comparison.expected),
        "seen": [_as_dict(key) for key in sorted(comparison.seen, key=str)],
        "missing": [_as_dict(key) for key in comparison.missing],
        "unexpected": [_as_dict(key) for key in comparison.unexpected],
        "precision": round(comparison.precision, 4),
        "recall": round(comparison.recall, 4),
    }


def _as_dict(key: "FindingKey") -> dict[str, Any]:
    return dict(zip(("day", "rule", "subject", "verdict"), key, strict=True))


def _tell(result: "ScenarioResult") -> None:
    scenario = result.scenario
    click.echo(f"{scenario.name}: {scenario.title_en} / {scenario.title_vi}")
    for story in (scenario.story_en, scenario.story_vi):
        if story:
            click.echo(f"  {story}")
    refused = f", {result.quarantined:,} refused" if result.quarantined else ""
    twice = f", {result.duplicates} batches came twice" if result.duplicates else ""
    click.echo(f"\n{result.readings:,} readings: {result.stored:,} stored{refused}{twice}.")
    if result.quarantined != scenario.expected_quarantined:
        click.echo(f"  WRONG  {scenario.expected_quarantined:,} had to be refused")
    if result.before is not None:
        click.echo("\nKnown before the late or corrected readings came")
        _tell_comparison(result.before)
    compliant = len(result.findings) - sum(result.final.seen.values())
    click.echo(f"\n{len(result.findings)} findings, {compliant} of them compliant; the others")
    _tell_comparison(result.final)
    for name in result.not_compliant:
        click.echo(f"  NOT COMPLIANT  {name}")
    _tell_letters(result)
    _tell_revisions(result)
    _tell_anomalies(result)
    click.echo("\n" + ("Exactly what must come out." if result.holds else "NOT what must come out."))


def _tell_letters(result: "ScenarioResult") -> None:
    for language in ("en", "vi"):
        if result.shown_only.shown:
            click.echo(f"  {result.shown_only.say(language)}")
    if result.letters:
        click.echo(f"\nLetters written: {result.letters}. They stay in this run's own mailbox; none was sent.")
        click.echo(f"Thư đã soạn: {result.letters}. Chúng ở lại trong hộp thư của lần chạy này, không gửi cho ai.")


def _tell_revisions(result: "ScenarioResult") -> None:
    if result.before is None:
        return
    click.echo("\nChanged by the late or corrected readings")
    for day, rule, subject, verdict, reason in sorted(result.revisions):
        click.echo(f"  day {day:+d}  {rule}  {subject}  {verdict} ({reason})")
    for name in sorted(result.corrections):
        click.echo(f"  correction sent about {name}")
    if not result.revised_as_expected:
        click.echo("  WRONG  other revisions or corrections had to come out")


def _tell_anomalies(result: "ScenarioResult") -> None:
    seen = result.anomalies
    click.echo("\nNoticed (observations, no verdicts on law)")
    for key, anomaly in sorted(seen.noticed.items()):
        mark = "UNEXPECTED" if key in seen.unexpected else "as expected"
        click.echo(f"  {mark:12} {key[1]}  {anomaly.said_en}\n{'':21}{anomaly.said_vi}")
    for day, rule, subject in seen.missing:
        click.echo(f"  {'MISSING':12} {rule}  {subject} on day {day:+d}")
    if not seen.noticed and not seen.missing:
        click.echo("  nothing, as expected")


def _tell_comparison(comparison: "Comparison") -> None:
    marked = [("as expected", key) for key in comparison.seen if key not in comparison.unexpected]
    marked = [(mark, key) for mark, key in marked if key not in comparison.missing]
    marked += [("MISSING", key) for key in comparison.missing]
    marked += [("UNEXPECTED", key) for key in comparison.unexpected]
    for mark, (day, rule, subject, verdict) in sorted(marked, key=str):
        when = "to date" if day is None else f"day {day:+d}"
        click.echo(f"  {mark:12} {when:8} {rule:15} {subject:28} {verdict}")
    if not marked:
        click.echo("  none, as expected")
