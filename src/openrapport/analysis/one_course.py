"""Whether one person is in an open rupture at the end of their scores: the walk of `rupture`, without arrays.

Arrays are made for thousands of courses. For a single one, which every check-in asks about, they take twenty times as
long. The tests hold both walks against each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from openrapport.analysis.baseline import Population
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.predictive_rules import EmpiricalBayes
from openrapport.analysis.rules import ROUNDING


def ends_in_rupture(series: Sequence[float | None], rule: EmpiricalBayes, *, direction: Direction) -> bool:
    """`series` is in session order, None where no score was given."""
    sign = sign_of(direction)
    population = rule.population.turned(sign)
    n, total, squares = 0, 0.0, 0.0
    is_open, line_at_onset = False, math.nan
    for score in series:
        if score is None:
            continue
        given = sign * score
        mean, sd = _expected(n, total, squares, population)
        boundary = mean - rule.z * sd - ROUNDING
        is_open = is_open and not given >= line_at_onset
        if not is_open and n >= rule.min_sessions and given < boundary:
            is_open, line_at_onset = True, boundary
        if not is_open:
            deviation = given - population.mean
            n, total, squares = n + 1, total + deviation, squares + deviation * deviation
    return is_open


def _expected(n: int, total: float, squares: float, population: Population) -> tuple[float, float]:
    """Mean and SD of the next score, as `baseline.posterior` has them, in the same order of operations."""
    between, within = population.between_sd**2, population.within_sd**2
    weight = n * between / max(n * between + within, 1e-300)
    own_mean = total / max(n, 1)
    if math.isinf(population.within_df):
        variance = within
    else:
        own_squares = max(squares - n * (own_mean * own_mean), 0.0)
        variance = (population.within_df * within + own_squares) / (population.within_df + max(n - 1, 0))
    return population.mean + weight * own_mean, math.sqrt(variance + between * (1 - weight))
