"""How often a rule fires on people who never change: by simulation on a scale with ends, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.baseline import Floats, Population
from openrapport.analysis.instrument import Direction
from openrapport.analysis.rules import Parameters, Rule
from openrapport.analysis.rupture import sign_of, sweep
from openrapport.analysis.simulate import never_changing

# Two-sided 95 % of the normal distribution, for the interval of a simulated share.
NORMAL_95 = 1.959964
_PEOPLE_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class FalseAlarmRate:
    """Share of never-changing people whom the rule flags at least once in a course, and its 95 % interval (Wilson).

    `share_at_ceiling` is the share of simulated scores at the best end: a crowded top skews every rule.
    """

    rate: float
    low: float
    high: float
    people: int
    sessions: tuple[int, int]  # shortest and longest course
    seed: int
    rule: str
    parameters: Parameters
    population: Population
    share_at_ceiling: float


def false_alarm_rate(
    rule: Rule,
    population: Population,
    *,
    sessions: int | Sequence[int],
    people: int,
    seed: int,
    direction: Direction = "higher_is_better",
) -> FalseAlarmRate:
    """Simulate. `sessions` is one course length for all, or lengths to draw each person's course from."""
    lengths = np.array([sessions] if isinstance(sessions, int) else list(sessions))
    if people < 1 or not len(lengths) or lengths.min() < 1:
        raise ValueError("A false-alarm rate takes at least one person with one session.")
    rng = np.random.default_rng(seed)
    sign = sign_of(direction)
    best = population.turned(sign).maximum
    flagged = at_ceiling = given = 0
    for first in range(0, people, _PEOPLE_AT_ONCE):
        scores = _courses(population, lengths, min(_PEOPLE_AT_ONCE, people - first), rng)
        walked = sweep(sign * scores, rule, sign=sign)
        flagged += int(walked.flagged_people.sum())
        at_ceiling += 0 if best is None else int((walked.scores == best).sum())
        given += int((~np.isnan(scores)).sum())
    low, high = wilson_interval(flagged, people)
    return FalseAlarmRate(
        rate=flagged / people,
        low=low,
        high=high,
        people=people,
        sessions=(int(lengths.min()), int(lengths.max())),
        seed=seed,
        rule=rule.name,
        parameters=rule.parameters,
        population=population,
        share_at_ceiling=at_ceiling / given,
    )


def _courses(
    population: Population, lengths: np.ndarray[tuple[int], np.dtype[np.int64]], people: int, rng: np.random.Generator
) -> Floats:
    scores = never_changing(population, sessions=int(lengths.max()), people=people, rng=rng)
    if lengths.min() < lengths.max():
        drawn = rng.choice(lengths, people)
        scores[np.arange(scores.shape[1]) >= drawn[:, None]] = np.nan
    return scores


def wilson_interval(count: int, total: int, *, z: float = NORMAL_95) -> tuple[float, float]:
    """Interval for a share (Wilson 1927): stays inside 0..1 and is honest near the ends."""
    share = count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)
