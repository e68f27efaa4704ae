"""``ecopark park check``: reads a park register and says what is wrong with it, or what is in it."""

import difflib
from collections import Counter
from pathlib import Path

import click

from analytics.rulebook import load_rulebook
from analytics.scorecard.catalogue import record_names
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, RegisterError, parse_park

NAMED_AT_MOST = 10


@click.group()
def park() -> None:
    """Look after a park register."""


@park.command()
@click.argument("folder", type=click.Path(path_type=Path))
def check(folder: Path) -> None:
    """Check the register in FOLDER as a whole.

    Every problem is on a line of its own, with file, row and column: docs/how-to/describe-a-park.md says what belongs
    where. Exits 2 when there is a problem. Warnings are about what is allowed and may not be meant.
    """
    try:
        found = parse_park(read_text_folder(folder))
    except RegisterError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo(f"{folder}: {_counted(len(error.problems), 'problem')}", err=True)
        raise click.exceptions.Exit(2) from error
    unknown = unknown_records(found)
    for words in unknown:
        click.echo(words, err=True)
    if unknown:
        click.echo(f"{folder}: {_counted(len(unknown), 'problem')}", err=True)
        raise click.exceptions.Exit(2)
    for line in summary(found):
        click.echo(line)
    for line in sources_without_limits(found):
        click.echo(f"  note: {line}")
    for line in tenants_without_letters(found):
        click.echo(f"  warning: {line}")


def unknown_records(park: Park) -> list[str]:
    """Evidence records that no rule and no indicator of the scorecard asks for: nobody would ever look at them."""
    known = record_names()
    found: list[str] = []
    for name in dict.fromkeys(record.indicator for record in park.evidence):
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f": did you mean '{nearest[0]}'?" if nearest else " (see `ecopark rules list` and docs/scorecard.md)"
            found.append(f"evidence.csv, column indicator: nothing asks for a record '{name}'{hint}")
    return found


def sources_without_limits(park: Park) -> list[str]:
    """Outlets, stacks and noise points whose attributes match no rule with a limit: nobody would judge them."""
    found: list[str] = []
    for installation in park.installations.values():
        rules = [
            rule for rule in load_rulebook()
            if rule.subject == installation.kind and any(c.attribute == "standard" for c in rule.applies_to)
        ]  # fmt: skip
        if rules and not any(rule.applies(installation.attributes) for rule in rules):
            asked = ", ".join(sorted({c.attribute for rule in rules for c in rule.applies_to}))
            kind = installation.kind.replace("_", " ")
            found.append(f"no limit applies to '{installation.id}': rules for a {kind} look at {asked}")
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
    return [
        f"{park.name_en} ({park.id}), {park.timezone.key}: the register is in order",
        f"  tenants        {len(park.firms())}, {_counted(len(park.contacts), 'contact')}",
        f"  points         {len(park.points)}: {_breakdown(media)}",
        f"  devices        {len(devices)}, of which {len(park.devices)} are polled",
        f"  gateways       {len(gateways)}: {', '.join(sorted(gateways)) or 'none'}",
        f"  installations  {len(park.installations)}: {_breakdown(kinds)}",
        f"  symbiosis      {_counted(len(park.symbiosis), 'link')}",
    ]


def _breakdown(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
