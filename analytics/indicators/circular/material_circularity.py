"""Material Circularity Indicator of a product (Ellen MacArthur Foundation): 0 linear, 1 circular."""

from dataclasses import dataclass

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue
from telemetry_model.park_register import CircularProduct

UTILITY_FACTOR = 0.9
_MCI = Basis(
    "Ellen MacArthur Foundation and Granta, Circularity Indicators: An Approach to Measuring Circularity",
    Confidence.SETTING,
    "the formula is from memory: to be confirmed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductMaterial:
    """Where a product's ``mass_kg`` [kg] comes from and goes to; shares of the mass, 0-1.

    Feedstock: ``recycled_in``, ``reused_in``, ``biological_in`` (FR, FU, FS). End of use: ``recycling_out``,
    ``reuse_out``, ``composting_out``, ``energy_out`` (CR, CU, CC, CE). ``recycling_out_efficiency`` (EC) and
    ``recycling_in_efficiency`` (EF) of the processes, 0-1. ``lifetime_ratio`` and ``use_ratio`` are the product's
    against the industry average (L/Lav, U/Uav), 1 = average. ``ValueError`` when shares do not fit.
    """

    mass_kg: float
    recycled_in: float = 0.0
    reused_in: float = 0.0
    biological_in: float = 0.0
    recycling_out: float = 0.0
    reuse_out: float = 0.0
    composting_out: float = 0.0
    energy_out: float = 0.0
    recycling_out_efficiency: float = 1.0
    recycling_in_efficiency: float = 1.0
    lifetime_ratio: float = 1.0
    use_ratio: float = 1.0

    def __post_init__(self) -> None:
        feed = (self.recycled_in, self.reused_in, self.biological_in)
        end = (self.recycling_out, self.reuse_out, self.composting_out, self.energy_out)
        rates = (self.recycling_out_efficiency, self.recycling_in_efficiency)
        if any(not 0 <= share <= 1 for share in (*feed, *end, *rates)) or sum(feed) > 1 + 1e-9 or sum(end) > 1 + 1e-9:
            raise ValueError("shares lie between 0 and 1, and those of one side add up to 1 at most")
        if self.mass_kg <= 0 or self.lifetime_ratio <= 0 or self.use_ratio <= 0:
            raise ValueError("mass, lifetime ratio and use ratio must be positive")
        if self.recycled_in and not self.recycling_in_efficiency:
            raise ValueError("recycled feedstock needs a recycling efficiency above 0")


def circularity_of(product: CircularProduct) -> ProductMaterial:
    """A product of ``products.csv`` as the formula takes it."""
    return ProductMaterial(
        mass_kg=1000 * product.mass_t,
        recycled_in=product.recycled_in_percent / 100,
        reused_in=product.reused_in_percent / 100,
        biological_in=product.biological_in_percent / 100,
        recycling_out=product.recycling_out_percent / 100,
        reuse_out=product.reuse_out_percent / 100,
        composting_out=product.composting_out_percent / 100,
        energy_out=product.energy_out_percent / 100,
        recycling_out_efficiency=product.recycling_out_efficiency_percent / 100,
        recycling_in_efficiency=product.recycling_in_efficiency_percent / 100,
        lifetime_ratio=product.lifetime_ratio,
        use_ratio=product.use_ratio,
    )


def material_circularity(product: ProductMaterial) -> IndicatorValue:
    """``MCI = max(0, 1 - LFI x 0.9 / X)`` [1] of ``product``.

    Virgin feedstock V = M (1-FR-FU-FS); unrecoverable waste W = W0 + (WF + WC) / 2 with W0 = M (1-CR-CU-CC-CE),
    WC = M (1-EC) CR, WF = M (1-EF) FR / EF; LFI = (V + W) / (2M + (WF - WC) / 2); X = (L/Lav) (U/Uav).
    """
    mass = product.mass_kg
    virgin = mass * (1 - product.recycled_in - product.reused_in - product.biological_in)
    lost = mass * (1 - product.recycling_out - product.reuse_out - product.composting_out - product.energy_out)
    waste_out = mass * (1 - product.recycling_out_efficiency) * product.recycling_out
    waste_in = 0.0
    if product.recycled_in:
        waste_in = mass * (1 - product.recycling_in_efficiency) * product.recycled_in / product.recycling_in_efficiency
    waste = lost + (waste_in + waste_out) / 2
    linear_flow = (virgin + waste) / (2 * mass + (waste_in - waste_out) / 2)
    utility = product.lifetime_ratio * product.use_ratio
    value = 1 - linear_flow * UTILITY_FACTOR / utility
    inputs: dict[str, float | str] = {
        "mass_kg": mass,
        "virgin_feedstock_kg": max(0.0, virgin),
        "unrecoverable_waste_kg": max(0.0, waste),
        "linear_flow_index": linear_flow,
        "utility": utility,
    }
    return IndicatorValue(value=min(1.0, max(0.0, value)), unit="1", basis=_MCI, inputs=inputs)
