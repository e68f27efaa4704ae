"""The rules as cited, dated data: packs of TOML, a frozen :class:`Rule`, and the limit a rule gives an installation.

Free of pandas on purpose: boards and e-mails read the very numbers that the evaluators compare with.
"""

from analytics.rulebook.limits import Limit, LimitUnknownError, limit_for
from analytics.rulebook.load import RuleError, load_rulebook
from analytics.rulebook.rule import Averaging, Comparison, Condition, EvaluatorKind, Rule

__all__ = [
    "Averaging",
    "Comparison",
    "Condition",
    "EvaluatorKind",
    "Limit",
    "LimitUnknownError",
    "Rule",
    "RuleError",
    "limit_for",
    "load_rulebook",
]
