"""Dated, cited factors that ship as data: conversion to TOE, grid emission factors, warming potentials, norms."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from analytics.finding import Confidence
from analytics.indicator import Basis

DATA_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One number in ``unit``, from ``valid_from`` to ``valid_to`` (both days included; ``None``: until replaced)."""

    id: str
    value: float
    unit: str
    valid_from: date
    source: str
    confidence: Confidence
    valid_to: date | None = None
    note: str = ""

    def is_valid_on(self, day: date) -> bool:
        """Whether the factor holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def basis(self) -> Basis:
        """Where the number comes from."""
        return Basis(self.source, self.confidence, self.note)


@cache
def read_table(name: str) -> dict[str, Any]:
    """A shipped TOML table by file name without ending; the product's own file, so a mistake in it is a bug."""
    return tomllib.loads((DATA_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def load_factors(name: str) -> tuple[Factor, ...]:
    """The ``[[factors]]`` of a shipped table, in its order."""
    return tuple(_factor(entry) for entry in read_table(name)["factors"])


def factor_on(factors: Iterable[Factor], factor_id: str, day: date) -> Factor:
    """The factor that holds on a day; ``LookupError`` names what is missing."""
    for factor in factors:
        if factor.id == factor_id and factor.is_valid_on(day):
            return factor
    raise LookupError(f"no factor '{factor_id}' is known for {day}")


def weakest(confidences: Iterable[Confidence]) -> Confidence:
    """What may be said of a number made of several: one setting among the sources makes it a setting."""
    order = (Confidence.SOURCE, Confidence.PERMIT, Confidence.SETTING)
    return max(confidences, key=order.index, default=Confidence.SOURCE)


def _factor(entry: dict[str, Any]) -> Factor:
    return Factor(**{**entry, "value": float(entry["value"]), "confidence": Confidence(entry["confidence"])})
