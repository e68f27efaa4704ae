"""What an e-mail says about an incident, in one language and before any layout."""

from dataclasses import dataclass

from analytics import wording
from analytics.alerting.alert import Incident, Sense, Step
from analytics.alerting.naming import Naming
from analytics.finding import Confidence, Finding, Verdict
from analytics.rulebook.doubt import is_doubt
from analytics.rulebook.evidence import in_language
from service_runtime.clock import utc_from_ms
from telemetry_model.park_register.types import PARK_TENANT

LATE_FROM_MS = 36 * 3_600_000
"""An alert that comes later than this after its period says so."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the table; ``strong`` marks the number the e-mail is about."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """All texts of one e-mail, plain and unescaped."""

    subject: str
    kicker: str
    headline: str
    lead: str
    notes: tuple[str, ...]
    facts: tuple[Fact, ...]
    next_steps: tuple[str, ...]
    evidence: tuple[str, ...]
    footer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a finding as text; empty where the finding has none."""

    observed: str
    limit: str
    difference: str
    percent: str

    @property
    def excess(self) -> str:
        """Percent where it means something, else the difference."""
        return self.percent or self.difference


def figures_of(finding: Finding, language: str) -> Figures:
    """Observed and limit with their units; no percent for pH (a logarithm) or for a limit of zero."""
    unit = finding.unit
    if finding.observed is None or finding.limit is None:
        text = "" if finding.observed is None else wording.number(finding.observed, language)
        return Figures(wording.with_unit(text, unit) if text else "", "", "", "")
    observed, limit = wording.number_pair(finding.observed, finding.limit, language)
    distance = abs(finding.observed - finding.limit)
    takes_percent = finding.limit != 0 and unit != "pH"
    return Figures(
        wording.with_unit(observed, unit),
        wording.with_unit(limit, unit),
        wording.with_unit(wording.number(distance, language), unit),
        wording.percent(distance / abs(finding.limit), language) if takes_percent else "",
    )


def tell(incident: Incident, step: Step, naming: Naming) -> Story:
    """Write the e-mail of one step; the opening tells of the finding that opened it, the end of the newest one."""
    finding = incident.opened_by if step is Step.OPENED else incident.latest
    texts = naming.texts
    return Story(
        subject=_subject(finding, incident.sense, step, naming),
        kicker=texts.fill("kicker", step),
        headline=capitalised(
            texts.fill(
                "headline",
                _key(step, incident.sense),
                quantity=naming.quantity(finding),
                limit_word=texts.fill("limit_word", finding.confidence),
            )
        ),
        lead=_lead(finding, incident, step, naming),
        notes=_notes(finding, incident, step, naming),
        facts=_facts(finding, incident.sense, step, naming),
        next_steps=tuple(texts.next_steps(step, naming.topic(finding))),
        evidence=evidence_texts(finding, naming),
        footer=(
            texts.fill("footer", "sender", park=naming.park.name(naming.language)),
            texts.fill("footer", "reply", operator=naming.operator()),
            texts.fill("footer", "once"),
            texts.fill("footer", "reference", incident=incident.id),
        ),
    )


def _key(step: Step, sense: Sense) -> str:
    return "resolved" if step is Step.RESOLVED else f"opened_{sense}"


def _subject(finding: Finding, sense: Sense, step: Step, naming: Naming) -> str:
    figures = figures_of(finding, naming.language)
    sign = "−" if sense is Sense.BELOW else "+"
    values = {"quantity": naming.quantity(finding), "place": naming.place(finding)}
    if step is Step.OPENED:
        values["limit_word"] = naming.texts.fill("limit_word", finding.confidence)
        values["change"] = f" ({sign}{figures.excess})" if figures.excess else ""
    return " ".join(naming.texts.fill("subject", _key(step, sense), **values).split())


def _lead(finding: Finding, incident: Incident, step: Step, naming: Naming) -> str:
    texts, figures = naming.texts, figures_of(finding, naming.language)
    values = {"place": naming.place(finding), "quantity": naming.quantity(finding)}
    if step is Step.RESOLVED:
        opening = incident.opened_by
        values["opened_period"] = wording.period(
            opening.period_start_ms, opening.period_end_ms, naming.park.timezone, texts.language
        )
    if not figures.limit:
        return texts.fill("lead", f"{step}_plain", **values)
    values |= {
        "observed": figures.observed,
        "limit": figures.limit,
        "limit_word": texts.fill("limit_word", finding.confidence),
    }
    if step is Step.OPENED:
        values["excess"] = figures.excess
    return texts.fill("lead", _key(step, incident.sense), **values)


def _notes(finding: Finding, incident: Incident, step: Step, naming: Naming) -> tuple[str, ...]:
    notes: list[str] = []
    if finding.provisional:
        notes.append(naming.texts.fill("lead", "provisional"))
    opened = incident.opened_by
    if step is Step.RESOLVED and opened.provisional and finding.period_start_ms == opened.period_start_ms:
        notes.append(naming.texts.fill("lead", "period_closed"))
    if step is Step.OPENED:
        notes += _late_notes(incident, naming)
    return tuple(notes)


def _late_notes(incident: Incident, naming: Naming) -> list[str]:
    """That an alert is about the past: an exceedance that came to light long after its period."""
    opened, fired_ms = incident.opened_by, incident.fired_ms
    if fired_ms is None or fired_ms - opened.period_end_ms < LATE_FROM_MS:
        return []
    texts, zone = naming.texts, naming.park.timezone
    known = wording.day(utc_from_ms(fired_ms).astimezone(zone), naming.language)
    notes = [texts.fill("lead", "late", day=known)]
    latest = incident.latest
    is_over = incident.ends_ms is not None and incident.ends_ms <= fired_ms
    # The newest finding of an incident that was released is the compliant one that released it.
    if is_over and latest.verdict is Verdict.EXCEEDED and latest.period_start_ms > opened.period_start_ms:
        until = wording.day(utc_from_ms(latest.period_end_ms - 1).astimezone(zone), naming.language)
        notes.append(texts.fill("lead", "late_range", until=until))
    return notes


def _facts(finding: Finding, sense: Sense, step: Step, naming: Naming) -> tuple[Fact, ...]:
    texts, language = naming.texts, naming.language
    facts = [Fact("place", naming.place(finding))]
    if finding.tenant != PARK_TENANT:
        facts.append(Fact("tenant", naming.tenant(finding)))
    facts.append(Fact("quantity", naming.quantity(finding)))
    facts.extend(_number_facts(figures_of(finding, language), sense, step, naming))
    span = wording.period(finding.period_start_ms, finding.period_end_ms, naming.park.timezone, language)
    if finding.provisional:
        span = texts.fill("facts", "provisional_period", period=span)
    share = wording.share_percent(finding.data_capture, language)
    minimum = wording.share_percent(finding.minimum_data_capture, language)
    facts += [
        Fact("period", span),
        Fact("basis", basis_text(finding, naming)),
        *to_confirm_facts(finding, naming),
        Fact("capture", texts.fill("facts", "capture", share=share, minimum=minimum)),
        Fact("rule", rule_text(finding, naming)),
    ]
    return tuple(Fact(texts.fill("labels", fact.label), fact.value, fact.strong) for fact in facts)


def _number_facts(figures: Figures, sense: Sense, step: Step, naming: Naming) -> list[Fact]:
    facts = [Fact("observed", figures.observed, strong=True)] if figures.observed else []
    if not figures.limit:
        return facts
    difference = figures.difference
    if figures.percent:
        values = {"difference": difference, "percent": figures.percent}
        difference = naming.texts.fill("facts", "excess_percent", **values)
    label = "margin" if step is Step.RESOLVED else ("shortfall" if sense is Sense.BELOW else "excess")
    facts.append(Fact("limit_min" if sense is Sense.BELOW else "limit_max", figures.limit))
    facts.append(Fact(label, difference, strong=step is Step.OPENED))
    return facts


def basis_text(finding: Finding, naming: Naming) -> str:
    """A citation alone only for what was read in the source: a setting must never look like law."""
    if finding.confidence is Confidence.SETTING and not finding.citation:
        return naming.texts.fill("basis", "setting_bare")
    return naming.texts.fill("basis", finding.confidence, citation=naming.texts.cite(finding.citation))


def to_confirm_facts(finding: Finding, naming: Naming) -> tuple[Fact, ...]:
    """What the verdict rests on besides its limit that is no law: one row, or none."""
    said = [in_language(sentence, naming.language) for sentence in finding.evidence if is_doubt(sentence)]
    clauses = " ".join(capitalised(sentence.partition(" – ")[2] or sentence) for sentence in said)
    return (Fact("to_confirm", clauses),) if said else ()


def evidence_texts(finding: Finding, naming: Naming) -> tuple[str, ...]:
    """How the finding was assessed; what is to be confirmed stands beside the basis."""
    return tuple(in_language(sentence, naming.language) for sentence in finding.evidence if not is_doubt(sentence))


def rule_text(finding: Finding, naming: Naming) -> str:
    """The rule's title, id and version."""
    values = {"title": naming.rule(finding), "rule": finding.rule, "version": finding.rule_version}
    known = values["title"] != finding.rule
    return naming.texts.fill("facts", "rule" if known else "rule_bare", **values)


def capitalised(text: str) -> str:
    """With a great first letter."""
    return text[:1].upper() + text[1:]
