"""The scorecard as one JSON document, for other programs (fields: docs/scorecard.md)."""

import json
from zoneinfo import ZoneInfo

from analytics.commands.both_languages import evidence_objects
from analytics.commands.report import utc_text
from analytics.scorecard.cells import Cell, FirmCell, Outcome, Proof, Scorecard
from analytics.scorecard.words import needs_text, period_text


def scorecard_json(card: Scorecard) -> str:
    """Indented JSON; texts carry ``_vi`` and ``_en``, times are ISO 8601 UTC."""
    document = {
        "park": card.park,
        "name_vi": card.name_vi,
        "name_en": card.name_en,
        "year": card.year,
        "is_fictional": card.is_fictional,
        "has_store": card.has_store,
        "made_at": utc_text(card.made_at_ms),
        "until": utc_text(card.until_ms),
        "tables": [
            {
                "id": table.id,
                "title_vi": table.title_vi,
                "title_en": table.title_en,
                "is_required": table.is_required,
                "counts": {o.value: sum(c.outcome is o for c in card.of_table(table.id)) for o in Outcome},
                "indicators": [_cell(cell, card) for cell in card.of_table(table.id)],
            }
            for table in card.tables()
        ],
        "firms": [_firm(cell) for cell in card.firms],
        "missing": [
            {
                "indicator": cell.spec.id,
                "outcome": cell.outcome.value,
                "title_vi": cell.spec.title_vi,
                "title_en": cell.spec.title_en,
                "needs_vi": needs_text(cell, "vi"),
                "needs_en": needs_text(cell, "en"),
            }
            for cell in card.missing()
        ],
        "to_confirm": [cell.spec.id for cell in card.to_confirm()],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _cell(cell: Cell, card: Scorecard) -> dict[str, object]:
    period = period_text(cell, ZoneInfo(card.timezone))
    return {
        "indicator": cell.spec.id,
        "pillar": cell.spec.pillar,
        "title_vi": cell.spec.title_vi,
        "title_en": cell.spec.title_en,
        "origin": cell.origin.value,
        "outcome": cell.outcome.value,
        "value": cell.value,
        "unit": cell.unit,
        "target": cell.target,
        "comparison": cell.comparison_word,
        "citation": cell.citation,
        "confidence": cell.confidence.value,
        "to_confirm": list(cell.doubtful_parts),
        "rule": cell.rule,
        "record": cell.spec.record_name,
        "data_capture": cell.data_capture,
        "period_start": utc_text(cell.period.start_ms) if cell.period else None,
        "period_end": utc_text(cell.period.end_ms) if cell.period else None,
        "period_vi": period.vi,
        "period_en": period.en,
        "proof": _proof(cell.proof),
        "notes": evidence_objects(cell.notes),
        "needs_vi": needs_text(cell, "vi"),
        "needs_en": needs_text(cell, "en"),
    }


def _firm(cell: FirmCell) -> dict[str, object]:
    return {
        "firm": cell.firm,
        "name": cell.name,
        "workers": cell.workers,
        "indicator": cell.indicator,
        "state": cell.state.value,
        "proof": _proof(cell.proof),
    }


def _proof(proof: Proof | None) -> dict[str, str] | None:
    if proof is None:
        return None
    return {"document": proof.document, "date": proof.day.isoformat(), "responsible": proof.responsible}
