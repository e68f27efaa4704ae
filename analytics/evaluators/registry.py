"""The table of evaluators: kind of rule -> calculation."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from analytics.evaluators.amounts import energy_equivalent, licensed_amount, mass_balance
from analytics.evaluators.analyser_range import analyser_range
from analytics.evaluators.context import Context, Judge
from analytics.evaluators.corrected_mean import corrected_mean
from analytics.evaluators.evidence_record import evidence_record
from analytics.evaluators.firm_energy import peak_energy_share, specific_energy
from analytics.evaluators.flat_line import flat_line
from analytics.evaluators.live_data import live_data
from analytics.evaluators.power_factor import power_factor
from analytics.evaluators.range_mean import range_mean
from analytics.evaluators.range_values import range_values
from analytics.evaluators.recorded_flows import circularity, waste_share
from analytics.evaluators.register_facts import automatic_points, register_share, register_value, symbiosis_links
from analytics.evaluators.share import share
from analytics.evaluators.slot_maximum import slot_maximum
from analytics.evaluators.status import status_length, status_share
from analytics.evaluators.threshold_mean import threshold_mean
from analytics.rulebook.rule import EvaluatorKind

EVALUATORS: Mapping[EvaluatorKind, Callable[[Context], Judge]] = MappingProxyType(
    {
        EvaluatorKind.THRESHOLD_MEAN: threshold_mean,
        EvaluatorKind.RANGE_MEAN: range_mean,
        EvaluatorKind.RANGE_VALUES: range_values,
        EvaluatorKind.CORRECTED_MEAN: corrected_mean,
        EvaluatorKind.POWER_FACTOR: power_factor,
        EvaluatorKind.SHARE: share,
        EvaluatorKind.LIVE_DATA: live_data,
        EvaluatorKind.FLAT_LINE: flat_line,
        EvaluatorKind.STATUS_SHARE: status_share,
        EvaluatorKind.STATUS_LENGTH: status_length,
        EvaluatorKind.SLOT_MAXIMUM: slot_maximum,
        EvaluatorKind.LICENSED_AMOUNT: licensed_amount,
        EvaluatorKind.ENERGY_EQUIVALENT: energy_equivalent,
        EvaluatorKind.MASS_BALANCE: mass_balance,
        EvaluatorKind.EVIDENCE: evidence_record,
        EvaluatorKind.REGISTER_SHARE: register_share,
        EvaluatorKind.REGISTER_VALUE: register_value,
        EvaluatorKind.SYMBIOSIS_LINKS: symbiosis_links,
        EvaluatorKind.AUTOMATIC_POINTS: automatic_points,
        EvaluatorKind.ANALYSER_RANGE: analyser_range,
        EvaluatorKind.WASTE_SHARE: waste_share,
        EvaluatorKind.CIRCULARITY: circularity,
        EvaluatorKind.SPECIFIC_ENERGY: specific_energy,
        EvaluatorKind.PEAK_ENERGY_SHARE: peak_energy_share,
    }
)
