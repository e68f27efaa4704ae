"""``ecopark park check``: reads a park register and says what is wrong with it, or what is in it."""

import difflib
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import click

from analytics.scorecard.catalogue import record_names
from ecopark.limit_notes import names_without_a_limit, sources_without_limits
from gateway.sources.modbus.profile_files import load_profiles
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, RegisterError, parse_park
from telemetry_model.park_register.tables import read_table

NAMED_AT_MOST = 10


@click.group()
def park() -> None:
    """Look after a park register."""


@park.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--profiles-folder",
    type=click.Path(path_type=Path),
    help="Your own device profiles, as the gateways' settings name it.",
)
def check(folder: Path, profiles_folder: Path | None) -> None:
    """Check the register in FOLDER as a whole.

    Problems are named one a line, with file, row and column, stage by stage (files and their shape, then the tables,
    then profiles and records): mend them and run it again. docs/how-to/describe-a-park.md says what belongs where.
    Exits 2 when there is a problem. Notes and warnings are about what is allowed and may not be meant.
    """
    files = read_text_folder(folder)
    try:
        found = parse_park(files)
    except RegisterError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo(f"{folder}: {_counted(len(error.problems), 'problem')}", err=True)
        raise click.exceptions.Exit(2) from error
    unknown = [*unknown_profiles(files, load_profiles(profiles_folder)), *unknown_records(files)]
    for words in unknown:
        click.echo(words, err=True)
    if unknown:
        click.echo(f"{folder}: {_counted(len(unknown), 'problem')}", err=True)
        raise click.exceptions.Exit(2)
    for line in summary(found):
        click.echo(line)
    for line in (*sources_without_limits(found), *names_without_a_limit(found), *sub_meters_with_a_role(found)):
        click.echo(f"  note: {line}")
    for line in tenants_without_letters(found):
        click.echo(f"  warning: {line}")


def unknown_records(files: Mapping[str, str]) -> list[str]:
    """Evidence records that no rule and no indicator of the scorecard asks for: nobody would ever look at them."""
    known = record_names()
    found: list[str] = []
    for name, row in _first_rows(files, "evidence.csv", "indicator").items():
        if name not in known:
            hint = _nearest(name, known) or " (see `ecopark rules list` and docs/scorecard.md)"
            found.append(f"evidence.csv, row {row}, column indicator: nothing asks for a record '{name}'{hint}")
    return found


def unknown_profiles(files: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Device profiles that do not exist: their gateway would not start."""
    found: list[str] = []
    for name, row in _first_rows(files, "devices.csv", "profile").items():
        if name not in known:
            hint = _nearest(name, known) or " (`ecopark gateway profiles` lists them; --profiles-folder adds your own)"
            found.append(f"devices.csv, row {row}, column profile: unknown device profile '{name}'{hint}")
    return found


def _first_rows(files: Mapping[str, str], file: str, column: str) -> dict[str, int]:
    rows: dict[str, int] = {}
    for row in read_table(file, files.get(file, ""), (column,), (), []):
        rows.setdefault(row.text(column), row.number)
    return rows


def _nearest(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f": did you mean '{nearest[0]}'?" if nearest else ""


def sub_meters_with_a_role(park: Park) -> list[str]:
    """Meters behind another meter of the same role: what they count is in that one's register already."""
    found: list[str] = []
    for point in park.points.values():
        above = [park.points[name] for name in park.meters_above(point)]
        same = sorted((meter for meter in above if point.role and meter.role == point.role), key=lambda meter: meter.id)
        for meter in same[:1]:
            what = f"'{point.id}' is a sub-meter of '{meter.id}' and has the same role, {point.role}"
            if meter.tenant == point.tenant:
                found.append(f"{what}: sums of {point.tenant} and of the park count '{meter.id}' alone")
            else:
                found.append(
                    f"{what}: sums of the park count it once, those of {meter.tenant} with {point.tenant}'s part"
                )
    return found


def tenants_without_letters(park: Park) -> list[str]:
    """Who would never hear of an alert: no contact at all, or none for these tenants."""
    if not park.contacts:
        return ["contacts.csv names nobody: alerts are shown on boards, and no e-mail is sent to anyone"]
    written_to = {contact.tenant for contact in park.contacts}
    silent = [tenant for tenant in park.tenants if tenant not in written_to]
    if not silent:
        return []
    more = f" and {len(silent) - NAMED_AT_MOST} more" if len(silent) > NAMED_AT_MOST else ""
    return [f"contacts.csv has no line for {', '.join(silent[:NAMED_AT_MOST])}{more}: no e-mail is sent about them"]


def summary(park: Park) -> list[str]:
    """What is in the register, one line per table."""
    media = Counter(point.medium.value for point in park.points.values())
    kinds = Counter(installation.kind for installation in park.installations.values())
    gateways = {device.gateway for device in park.devices.values()}
    gateways |= {point.gateway for point in park.points.values() if point.gateway}
    devices = {point.device for point in park.points.values()}
    changes = dated_changes(park)
    return [
        f"{park.name_en} ({park.id}), {park.timezone.key}: the register is in order",
        f"  tenants        {len(park.firms())}, {_counted(len(park.contacts), 'contact')}",
        f"  points         {len(park.points)}: {_breakdown(media)}",
        f"  devices        {len(devices)}, of which {len(park.devices)} are polled",
        f"  gateways       {len(gateways)}: {', '.join(sorted(gateways)) or 'none'}",
        f"  installations  {len(park.installations)}: {_breakdown(kinds)}",
        f"  symbiosis      {_counted(len(park.symbiosis), 'link')}",
        *([f"  dated changes  {len(changes)}", *(f"    {line}" for line in changes)] if changes else []),
    ]


def dated_changes(park: Park) -> list[str]:
    """What holds from a day on: whose, since when, what, and by which document."""
    owners = [("the park", park.dated), *((i.id, i.dated) for i in park.installations.values())]
    found: list[str] = []
    for owner, dated in owners:
        for change in dated.changes:
            said = [f"{name} = {value}" for name, value in change.attributes.items()]
            said += [f"{name} ends" for name in change.without]
            document = f"document: {change.document}" if change.document else "no document named"
            found.append(f"{owner} from {change.first_day}: {', '.join(said)} ({document})")
    return found


def _breakdown(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
