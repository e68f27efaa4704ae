"""Ordinary least squares on small matrices, and the t quantile its intervals need; plain Python."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

SINGULAR = 1e-10
"""A pivot of the correlation matrix below this means that a driver is a mixture of the others."""

ROUNDING = 1e-12
"""Scatter below this part of the values is what arithmetic leaves over."""


class CollinearError(ValueError):
    """``column`` is constant, or a linear mixture of the columns before it."""

    def __init__(self, column: int) -> None:
        self.column = column
        super().__init__(f"column {column} is constant or a mixture of the columns before it")


@dataclass(frozen=True, slots=True)
class LinearFit:
    """``y = intercept + slopes . x``; ``covariance`` is the inverse of the centred cross products, without variance."""

    intercept: float
    slopes: tuple[float, ...]
    centres: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    residual_deviation: float
    """Square root of the residual variance with ``observations - parameters`` degrees of freedom."""
    r_squared: float | None
    """Share of the variation that the drivers explain; ``None`` where the values do not vary."""
    observations: int

    @property
    def degrees_of_freedom(self) -> int:
        """Observations beyond the parameters."""
        return self.observations - len(self.slopes) - 1

    def at(self, row: Sequence[float]) -> float:
        """The fitted value for one row of drivers."""
        return self.intercept + math.fsum(s * x for s, x in zip(self.slopes, row, strict=True))

    def prediction_deviation(self, row: Sequence[float]) -> float:
        """Standard error of one new observation at ``row``: scatter and the fit's own error together."""
        return self.sum_deviation([row])

    def sum_deviation(self, rows: Sequence[Sequence[float]]) -> float:
        """Standard error of the sum of new observations at ``rows``: they all share the fit's own error."""
        count = len(rows)
        off = [
            math.fsum(x - centre for x in column)
            for column, centre in zip(zip(*rows, strict=True), self.centres, strict=False)
        ]
        reach = math.fsum(a * b * self.covariance[i][j] for i, a in enumerate(off) for j, b in enumerate(off))
        return self.residual_deviation * math.sqrt(count + count**2 / self.observations + max(0.0, reach))


def fit_linear(rows: Sequence[Sequence[float]], values: Sequence[float]) -> LinearFit:
    """Fit ``values`` to ``rows`` (one row of drivers a value).

    ``ValueError``: too few observations; :class:`CollinearError`: a driver that cannot be told from the others.
    """
    count, width = len(values), len(rows[0]) if rows else 0
    if len(rows) != count or count < width + 2:
        raise ValueError(f"{count} observations cannot carry {width} drivers: at least {width + 2} are needed")
    centres = tuple(math.fsum(column) / count for column in zip(*rows, strict=True))
    middle = math.fsum(values) / count
    scales = _scales(rows, centres)
    off = [[(x - c) / s for x, c, s in zip(row, centres, scales, strict=True)] for row in rows]
    cross = [[math.fsum(row[i] * row[j] for row in off) for j in range(width)] for i in range(width)]
    inverse = _inverse(cross, count)
    moments = [math.fsum(row[i] * (y - middle) for row, y in zip(off, values, strict=True)) for i in range(width)]
    scaled = [math.fsum(inverse[i][j] * moments[j] for j in range(width)) for i in range(width)]
    slopes = tuple(b / s for b, s in zip(scaled, scales, strict=True))
    intercept = middle - math.fsum(b * c for b, c in zip(slopes, centres, strict=True))
    residual = math.fsum(
        (y - middle - math.fsum(b * x for b, x in zip(scaled, row, strict=True))) ** 2
        for row, y in zip(off, values, strict=True)
    )
    spread = math.fsum((y - middle) ** 2 for y in values)
    covariance = tuple(tuple(inverse[i][j] / (scales[i] * scales[j]) for j in range(width)) for i in range(width))
    rounding = count * (ROUNDING * max(map(abs, values))) ** 2
    residual = residual if residual > rounding else 0.0
    r_squared = 1 - residual / spread if spread > rounding else None
    deviation = math.sqrt(residual / (count - width - 1))
    return LinearFit(intercept, slopes, centres, covariance, deviation, r_squared, count)


def t_quantile(probability: float, degrees_of_freedom: int) -> float:
    """Quantile of Student's t for ``degrees_of_freedom >= 3``, better than 0.5 % for probabilities to 0.975.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5. ``ValueError`` below 3.
    """
    if degrees_of_freedom < 3:
        raise ValueError(f"{degrees_of_freedom} degrees of freedom are too few for an interval")
    z, n = NormalDist().inv_cdf(probability), degrees_of_freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )


def _scales(rows: Sequence[Sequence[float]], centres: Sequence[float]) -> list[float]:
    scales: list[float] = []
    for number, (column, centre) in enumerate(zip(zip(*rows, strict=True), centres, strict=True)):
        scale = math.sqrt(math.fsum((x - centre) ** 2 for x in column) / len(column))
        if scale <= 1e-12 * max(1.0, abs(centre)):
            raise CollinearError(number)
        scales.append(scale)
    return scales


def _inverse(matrix: list[list[float]], size: int) -> list[list[float]]:
    """Gauss-Jordan without row exchange: the matrix is a scaled correlation matrix, so its pivots are positive."""
    width = len(matrix)
    work = [[*row, *(float(i == j) for j in range(width))] for i, row in enumerate(matrix)]
    for place in range(width):
        pivot = work[place][place]
        if pivot < SINGULAR * size:
            raise CollinearError(place)
        work[place] = [cell / pivot for cell in work[place]]
        for other in range(width):
            if other != place:
                factor = work[other][place]
                work[other] = [a - factor * b for a, b in zip(work[other], work[place], strict=True)]
    return [row[width:] for row in work]
