"""From a fitted growth curve to what the scan compares each session with."""

from __future__ import annotations

from dataclasses import dataclass

from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.kernels import InnovationModel


@dataclass(frozen=True, slots=True)
class Limits:
    """A session is flagged when its z falls below -`limit`, or the moving average of z, in which the newest counts
    `weight`, below `width` of its own standard deviations."""

    limit: float
    weight: float
    width: float

    def __post_init__(self) -> None:
        if not (self.limit > 0 and self.width > 0 and 0 < self.weight <= 1):
            raise ValueError("Limits of a scan are above 0, and the weight of the newest session is at most 1.")


def scan_model(fit: GrowthFit, limits: Limits, *, direction: Direction) -> InnovationModel:
    """The scan's model of a curve with one random intercept and slope, as `WholeCells.fit` gives without covariates.

    Raises ValueError for any other curve, and one without spread between sessions.
    """
    (effects, *more) = fit.random.values()
    if more or len(effects.names) != 2 or tuple(fit.fixed) != effects.names:
        raise ValueError("The scan needs a curve with an intercept and a slope on the clock, both varying by client.")
    if not fit.residual_sd > 0:
        raise ValueError("The curve leaves no spread around it: nothing can be called surprising.")
    intercept, slope = fit.fixed.values()
    first, second = (effects.sd[name] / fit.residual_sd for name in effects.names)
    return InnovationModel(
        intercept=intercept.estimate,
        slope=slope.estimate,
        sigma=fit.residual_sd,
        d11=first * first,
        d12=(effects.corr[1][0] or 0.0) * first * second,
        d22=second * second,
        weight=limits.weight,
        width=limits.width,
        limit=limits.limit,
        sign=sign_of(direction),
    )
