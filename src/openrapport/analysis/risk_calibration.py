"""Do predicted risks come true? Curve by tenths, slope and intercept, and the Brier score beside a reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import Estimate, NotEstimable, interval_of, numbers, same_length
from openrapport.analysis.logistic import SeparationError, logistic

Floats = NDArray[np.float64]

# Probabilities of exactly 0 or 1 have no log odds.
SMALLEST = 1e-12
# Log odds that differ by a smaller share than this are the same: no slope could be told from rounding.
NO_SPREAD = 1e-7


@dataclass(frozen=True, slots=True)
class RiskGroup:
    """One group of rows of similar prediction: what was predicted on average and what share came true."""

    n: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class RiskCalibration:
    """`slope` 1 and `intercept` 0 are ideal; slope under 1: predictions too extreme; intercept under 0: too high.

    `brier` is the mean squared error; `brier_reference` that of saying `reference` for everybody; `skill` is
    1 - brier / brier_reference, at most 1 and negative when worse than the reference.
    """

    curve: tuple[RiskGroup, ...]
    slope: Estimate | NotEstimable
    intercept: Estimate | NotEstimable
    brier: float
    brier_reference: float
    reference: float
    skill: float | None
    n: int
    n_events: int


def risk_calibration(
    predicted: Sequence[float] | Floats,
    event: Sequence[bool | int] | Floats,
    *,
    reference: float,
    groups: int = 10,
    level: float = 0.95,
) -> RiskCalibration:
    """Compare probabilities with what happened, on people who were not used to make them.

    `predicted` in [0, 1] and `event` 0 or 1, one for each row; `reference` is the rate known beforehand. Slope: the
    coefficient of the predictions' log odds in a logistic regression; intercept: with that slope held at 1 (Cox 1958;
    Steyerberg 2009). Curve: rows in order of prediction, cut into `groups` of nearly equal size. Brier 1950.

    Raises ValueError: lengths differ, nothing given, probabilities outside [0, 1].

    >>> found = risk_calibration([0.1, 0.1, 0.8, 0.8], [0, 0, 1, 1], reference=0.5, groups=2)
    >>> round(found.brier, 4), found.brier_reference, round(found.skill, 2)
    (0.025, 0.25, 0.9)
    """
    if not same_length(predicted=predicted, event=event):
        raise ValueError("A calibration takes at least one row.")
    chance, happened = numbers(predicted, "predicted"), numbers(event, "event")
    if not ((chance >= 0) & (chance <= 1)).all() or not 0 <= reference <= 1:
        raise ValueError("Predicted probabilities and the reference lie from 0 to 1, and none may be missing.")
    if not np.isin(happened, (0, 1)).all():
        raise ValueError("An event is 1 where it happened and 0 where not.")
    if groups < 1:
        raise ValueError("The curve takes at least one group.")
    brier = float(((chance - happened) ** 2).mean())
    by_reference = float(((reference - happened) ** 2).mean())
    slope, intercept = _recalibrated(chance, happened, level)
    return RiskCalibration(
        curve=_curve(chance, happened, groups),
        slope=slope,
        intercept=intercept,
        brier=brier,
        brier_reference=by_reference,
        reference=reference,
        skill=1 - brier / by_reference if by_reference > 0 else None,
        n=len(chance),
        n_events=int(happened.sum()),
    )


def _curve(chance: Floats, happened: Floats, groups: int) -> tuple[RiskGroup, ...]:
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, groups) if len(part)]
    return tuple(RiskGroup(len(part), float(chance[part].mean()), float(happened[part].mean())) for part in parts)


def _recalibrated(
    chance: Floats, happened: Floats, level: float
) -> tuple[Estimate | NotEstimable, Estimate | NotEstimable]:
    if not 0 < happened.sum() < len(happened):
        reason = NotEstimable("Among these people the event happened to all or to none.")
        return reason, reason
    safe = np.clip(chance, SMALLEST, 1 - SMALLEST)
    log_odds, ones = np.log(safe) - np.log1p(-safe), np.ones(len(chance))
    alone = logistic(ones[:, None], happened, ("intercept",), offset=log_odds)
    intercept = interval_of(float(alone.coefficients[0]), math.sqrt(alone.covariance[0, 0]), math.inf, level)
    if np.ptp(log_odds) <= NO_SPREAD * (1 + np.abs(log_odds).max()):
        return NotEstimable("Everybody got the same prediction."), intercept
    try:
        both = logistic(np.stack([ones, log_odds], axis=1), happened, ("intercept", "slope"))
    except SeparationError:
        return NotEstimable("The predictions tell every event from every other row: the slope is infinite."), intercept
    return interval_of(float(both.coefficients[1]), math.sqrt(both.covariance[1, 1]), math.inf, level), intercept
