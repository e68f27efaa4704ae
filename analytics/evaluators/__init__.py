"""One kind of rule a file; each turns a prepared :class:`Context` into a function from a window to an outcome."""

from analytics.evaluators.context import Context, Judge, Outcome
from analytics.evaluators.registry import EVALUATORS

__all__ = ["EVALUATORS", "Context", "Judge", "Outcome"]
