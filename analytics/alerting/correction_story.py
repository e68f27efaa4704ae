"""What a correction says: what an earlier e-mail stated, what holds now, and why; one language, before any layout."""

from analytics import wording
from analytics.alerting.alert import Correction, Sense, Step, sense_of
from analytics.alerting.naming import Naming
from analytics.alerting.story import (
    Fact,
    Story,
    basis_text,
    capitalised,
    evidence_texts,
    figures_of,
    rule_text,
    to_confirm_facts,
)
from analytics.finding import Finding, Verdict
from telemetry_model.park_register.types import PARK_TENANT


def tell_correction(correction: Correction, naming: Naming) -> Story:
    """Write the e-mail; the evidence is that of the finding which holds now."""
    texts, after = naming.texts, correction.after
    values = {
        "quantity": naming.quantity(after),
        "place": naming.place(after),
        "limit_word": texts.fill("limit_word", after.confidence),
        "change": _change(after, naming),
        "period": _period(after, naming),
    }
    key = _key(correction)
    advice = Step.OPENED if after.verdict is Verdict.EXCEEDED else Step.CORRECTED
    return Story(
        subject=" ".join(texts.fill("subject", key, **values).split()),
        kicker=texts.fill("kicker", Step.CORRECTED),
        headline=capitalised(texts.fill("headline", key, **values)),
        lead=texts.fill("lead", "corrected", **values),
        notes=(_why(correction, naming),),
        facts=_facts(correction, naming),
        next_steps=tuple(texts.next_steps(advice, naming.topic(after))),
        evidence=evidence_texts(after, naming),
        footer=(
            texts.fill("footer", "sender", park=naming.park.name(naming.language)),
            texts.fill("footer", "reply", operator=naming.operator()),
            texts.fill("footer", "once"),
            texts.fill("footer", "reference", incident=correction.incident),
        ),
    )


def _key(correction: Correction) -> str:
    before, after = correction.before, correction.after
    if after.verdict is not Verdict.EXCEEDED:
        return f"corrected_{after.verdict}"
    if before.verdict is Verdict.EXCEEDED:
        return "corrected_number"
    return f"corrected_{sense_of(after)}"


def _change(finding: Finding, naming: Naming) -> str:
    figures = figures_of(finding, naming.language)
    sign = "−" if sense_of(finding) is Sense.BELOW else "+"
    return f" ({sign}{figures.excess})" if figures.excess else ""


def _why(correction: Correction, naming: Naming) -> str:
    known = ("late_data", "corrected_data", "rule_changed", "register_changed")
    return naming.texts.fill("why", correction.reason if correction.reason in known else "other")


def _facts(correction: Correction, naming: Naming) -> tuple[Fact, ...]:
    texts, after, language = naming.texts, correction.after, naming.language
    share = wording.share_percent(after.data_capture, language)
    minimum = wording.share_percent(after.minimum_data_capture, language)
    facts = [
        Fact("place", naming.place(after)),
        *([Fact("tenant", naming.tenant(after))] if after.tenant != PARK_TENANT else []),
        Fact("quantity", naming.quantity(after)),
        Fact("period", _period(after, naming)),
        Fact("before", _stated(correction.before, naming)),
        Fact("after", _stated(after, naming), strong=True),
        Fact("why", _why(correction, naming)),
        Fact("capture", texts.fill("facts", "capture", share=share, minimum=minimum)),
        Fact("basis", basis_text(after, naming)),
        *to_confirm_facts(after, naming),
        Fact("rule", rule_text(after, naming)),
    ]
    return tuple(Fact(texts.fill("labels", fact.label), fact.value, fact.strong) for fact in facts)


def _stated(finding: Finding, naming: Naming) -> str:
    figures, verdict = figures_of(finding, naming.language), naming.texts.fill("verdict", finding.verdict)
    if not figures.limit:
        return f"{figures.observed} – {verdict}" if figures.observed else verdict
    values = {"observed": figures.observed, "limit": figures.limit, "verdict": verdict}
    return naming.texts.fill("facts", "verdict_figures", **values)


def _period(finding: Finding, naming: Naming) -> str:
    return wording.period(finding.period_start_ms, finding.period_end_ms, naming.park.timezone, naming.language)
