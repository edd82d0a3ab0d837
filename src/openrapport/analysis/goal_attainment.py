"""Goal attainment scaling: how far goals of different weight were reached, as one T score (Kiresuk & Sherman 1968)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# The five levels run from "much less than expected" (-2) over "as expected" (0) to "much more than expected" (+2).
LOWEST, HIGHEST = -2.0, 2.0

# A T score has mean 50 and SD 10, if each goal's level has mean 0 and SD 1.
T_MEAN, T_SD = 50.0, 10.0


@dataclass(frozen=True, slots=True)
class GoalAttainment:
    """`t_score` is 50 when the weighted goals came out as expected; `weighted_mean` is the mean level, -2 to +2."""

    t_score: float
    weighted_mean: float
    goals: int
    attained: tuple[float, ...]
    weights: tuple[float, ...]
    rho: float


def goal_attainment(
    x: Sequence[float | None], weights: Sequence[float] | None = None, rho: float = 0.3
) -> GoalAttainment:
    """T = 50 + 10 sum(w x) / sqrt((1 - rho) sum(w^2) + rho sum(w)^2).

    `x` are the levels reached, one for each goal, -2 to +2 (a level between two is allowed); `weights` how much each
    goal counts, above 0 (None: all alike); `rho` the correlation expected between goals, .3 in the source.
    Raises ValueError when a goal is not rated yet, lies outside -2..+2, or weights and goals do not match.

    >>> round(goal_attainment([1, 1, 1], [1, 1, 1]).t_score, 3)
    63.693
    >>> round(goal_attainment([1, 0, -1], [3, 2, 1]).t_score, 3)
    54.407
    """
    attained = tuple(_level(value, number) for number, value in enumerate(x, start=1))
    if not attained:
        raise ValueError("Goal attainment needs at least one goal.")
    counted = (1.0,) * len(attained) if weights is None else tuple(float(weight) for weight in weights)
    if len(counted) != len(attained):
        raise ValueError(f"There are {len(attained)} goals but {len(counted)} weights: give one weight for each goal.")
    if not all(0 < weight < math.inf for weight in counted):
        raise ValueError("Every weight must be above 0. Leave out a goal that should not count.")
    if not 0 <= rho <= 1:
        raise ValueError("rho, the correlation between goals, lies between 0 and 1; 0.3 is usual.")
    weighted = math.fsum(weight * level for weight, level in zip(counted, attained, strict=True))
    total = math.fsum(counted)
    spread = math.sqrt((1 - rho) * math.fsum(weight**2 for weight in counted) + rho * total**2)
    return GoalAttainment(
        t_score=T_MEAN + T_SD * weighted / spread,
        weighted_mean=weighted / total,
        goals=len(attained),
        attained=attained,
        weights=counted,
        rho=rho,
    )


def _level(value: float | None, number: int) -> float:
    if value is None or math.isnan(value):
        raise ValueError(f"Goal {number} is not rated yet. Rate it, or leave it and its weight out.")
    if not LOWEST <= value <= HIGHEST:
        raise ValueError(f"Goal {number} has level {value:g}; levels run from -2 to +2.")
    return float(value)
