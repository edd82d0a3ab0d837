"""How often a rule fires on people who never change: by simulation on a scale with ends, with an interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.baseline import Floats, Population
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.rules import Parameters, Rule
from openrapport.analysis.rupture import sweep
from openrapport.analysis.simulate import never_changing

Integers = NDArray[np.int64]
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
    autocorrelation: float


def false_alarm_rate(
    rule: Rule,
    population: Population,
    *,
    sessions: int | Sequence[int],
    people: int,
    seed: int,
    direction: Direction = "higher_is_better",
    autocorrelation: float = 0.0,
) -> FalseAlarmRate:
    """Simulate. `sessions` is one course length for all, or lengths to draw each person's course from.

    `autocorrelation` is how much neighbouring sessions of a person resemble each other (-1 to 1). Raises ValueError.
    """
    lengths = lengths_of(sessions, people)
    rng = np.random.default_rng(seed)
    sign = sign_of(direction)
    best = population.turned(sign).maximum
    flagged = at_ceiling = given = 0
    for scores in never_changing_courses(population, lengths, people, rng, autocorrelation):
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
        autocorrelation=autocorrelation,
    )


def lengths_of(sessions: int | Sequence[int], people: int) -> Integers:
    """Course lengths to draw from. Raises ValueError where there would be nobody, or nothing to judge."""
    lengths = np.array([sessions] if isinstance(sessions, int) else list(sessions), dtype=np.int64)
    if people < 1 or not len(lengths) or lengths.min() < 1:
        raise ValueError("A simulated rate takes at least one person with one session.")
    return lengths


def never_changing_courses(
    population: Population, lengths: Integers, people: int, rng: np.random.Generator, autocorrelation: float
) -> Iterator[Floats]:
    """Courses of all people, a block at a time: (people, longest), NaN after the end of a shorter course."""
    for first in range(0, people, _PEOPLE_AT_ONCE):
        yield _courses(population, lengths, min(_PEOPLE_AT_ONCE, people - first), rng, autocorrelation)


def _courses(
    population: Population, lengths: Integers, people: int, rng: np.random.Generator, autocorrelation: float
) -> Floats:
    longest = int(lengths.max())
    scores = never_changing(population, sessions=longest, people=people, rng=rng, autocorrelation=autocorrelation)
    if lengths.min() < longest:
        drawn = rng.choice(lengths, people)
        scores[np.arange(longest) >= drawn[:, None]] = np.nan
    return scores


def wilson_interval(count: int, total: int, *, z: float = NORMAL_95) -> tuple[float, float]:
    """Interval for a share (Wilson 1927): stays inside 0..1 and is honest near the ends."""
    share = count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)
