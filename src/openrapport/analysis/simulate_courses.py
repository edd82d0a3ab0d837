"""Invented depression courses with the habits of real ones: uneven visits, gaps, a skewed start, medication, leaving.

`python -m openrapport.analysis.simulate_courses > docs/analysis/invented_course.csv` writes the tutorial's table again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HEADER = ("id", "time", "score", "med")
# The table of the tutorial.
CLIENTS, SEED = 250, 20_261_122
# The scale: 0 to 63, whole numbers, lower is better. Care is planned for half a year.
HIGHEST = 63
PLANNED_DAYS = 182
# Scores on log(1 + day), of the size found in real courses of cognitive therapy: start, slope and its SD, what is left.
START, LOWEST_START = 20.5, 11
SLOPE, SLOPE_SD, SLOPE_BY_START = -2.1, 1.15, -0.1
RESIDUAL_SD = 4.0
MEDICATION = -2.0
# Shares of people: on medication at some time, with a sudden gain, with a stretch of worse scores.
MEDICATED, GAINING, RUPTURED = 0.22, 0.10, 0.12
GAIN, RUPTURE = -11.0, 13.0
# Log odds of leaving after a visit: the worse the score, the likelier; and less likely as time goes by.
LEAVE, LEAVE_BY_SCORE, LEAVE_BY_LOG_VISIT = -3.1, 0.09, -0.3


@dataclass(frozen=True, slots=True)
class _Person:
    start: float
    slope: float
    medicated_from: float | None
    gain_from: int | None
    worse: range


def invented_courses(*, clients: int, seed: int) -> list[tuple[int, int, int, int]]:
    """Rows (id, time, score, med): `time` in days, the score at day 0 from before the first session, `med` 0 or 1.

    >>> invented_courses(clients=2, seed=1)[0][:2]
    (1, 0)
    """
    rng = np.random.default_rng(seed)
    return [row for number in range(1, clients + 1) for row in _course(number, rng)]


def _course(number: int, rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
    days = _days(rng)
    person = _person(len(days), rng)
    rows = []
    for visit, day in enumerate(days):
        medicated = person.medicated_from is not None and day >= person.medicated_from
        score = _score(person, visit, day, medicated, rng)
        rows.append((number, day, score, int(medicated)))
        odds = LEAVE + LEAVE_BY_SCORE * (score - START) + LEAVE_BY_LOG_VISIT * np.log(max(visit, 1))
        if visit and rng.random() < 1 / (1 + np.exp(-odds)):
            break
    return rows


def _days(rng: np.random.Generator) -> list[int]:
    """Days of the planned visits: about weekly at first, then rarer, with holidays and missed weeks."""
    day, days = 0.0, [0]
    slowness = float(rng.lognormal(0, 0.25))
    while True:
        gap = 7 * slowness * (1 + len(days) / 18) * rng.lognormal(0, 0.35)
        if rng.random() < 0.07:
            gap += rng.uniform(14, 45)
        day += max(1.0, gap)
        if day > PLANNED_DAYS:
            return days
        days.append(max(days[-1] + 1, round(day)))


def _person(visits: int, rng: np.random.Generator) -> _Person:
    own = float(rng.normal())
    # Starts are skewed: nobody comes with few complaints, and some with very many.
    start = LOWEST_START + (START - LOWEST_START) * float(rng.gamma(1.6)) / 1.6
    slope = SLOPE + SLOPE_BY_START * (start - START) + SLOPE_SD * own
    medicated = float(rng.uniform(0, 120)) if rng.random() < MEDICATED else None
    gains = int(rng.integers(4, 9)) if rng.random() < GAINING else None
    begins = int(rng.integers(6, 13)) if rng.random() < RUPTURED else visits
    return _Person(start, slope, medicated, gains, range(begins, begins + int(rng.integers(1, 4))))


def _score(person: _Person, visit: int, day: int, medicated: bool, rng: np.random.Generator) -> int:
    expected = person.start + person.slope * np.log1p(day) + MEDICATION * medicated
    if person.gain_from is not None and visit >= person.gain_from:
        expected += GAIN
    if visit in person.worse:
        expected += RUPTURE
    return int(np.clip(round(expected + rng.normal(0, RESIDUAL_SD)), 0, HIGHEST))


def as_csv(rows: Sequence[Sequence[int]]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in (HEADER, *rows))


if __name__ == "__main__":
    import sys

    sys.stdout.write(as_csv(invented_courses(clients=CLIENTS, seed=SEED)))
