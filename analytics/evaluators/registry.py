"""The table of evaluators: kind of rule -> calculation."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from analytics.evaluators.context import Context, Judge
from analytics.evaluators.corrected_mean import corrected_mean
from analytics.evaluators.flat_line import flat_line
from analytics.evaluators.live_data import live_data
from analytics.evaluators.power_factor import power_factor
from analytics.evaluators.range_mean import range_mean
from analytics.evaluators.share import share
from analytics.evaluators.threshold_mean import threshold_mean
from analytics.rulebook.rule import EvaluatorKind

EVALUATORS: Mapping[EvaluatorKind, Callable[[Context], Judge]] = MappingProxyType(
    {
        EvaluatorKind.THRESHOLD_MEAN: threshold_mean,
        EvaluatorKind.RANGE_MEAN: range_mean,
        EvaluatorKind.CORRECTED_MEAN: corrected_mean,
        EvaluatorKind.POWER_FACTOR: power_factor,
        EvaluatorKind.SHARE: share,
        EvaluatorKind.LIVE_DATA: live_data,
        EvaluatorKind.FLAT_LINE: flat_line,
    }
)
