"""Invented courses of scores, the same for the same seed: for tests, for false-alarm rates, for the demonstration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import numpy as np

from openrapport.analysis.baseline import Floats, Population
from openrapport.analysis.instrument import Instrument

Shape: TypeAlias = Literal[
    "steady_growth",
    "steady",
    "rupture_repaired",
    "rupture_unrepaired",
    "drift_away",
    "always_perfect",
    "low_start_rising",
]

# Where a shape's average course runs, in within-person SDs from where it starts, as a function of progress 0..1.
_RUPTURE_DEPTH = 4.0
_GROWTH = 2.0
_DRIFT = 4.0
_LOW_START = 4.0


def never_changing(
    population: Population,
    *,
    sessions: int,
    people: int,
    rng: np.random.Generator,
    autocorrelation: float = 0.0,
    shift: Floats | None = None,
) -> Floats:
    """Scores (people, sessions) of people whose mean stays put: the null population of every false-alarm rate.

    Each score is rounded to the population's step and cut off at the ends of its scale, as answers are.
    `autocorrelation` is that of neighbouring sessions around the person's mean, before rounding and cutting off (first
    order, AR(1); their SD stays `within_sd`). `shift`, (sessions) or (people, sessions), is added to the means: what a
    rule is to detect.
    """
    means = rng.normal(population.mean, population.between_sd, (people, 1))
    if np.isinf(population.within_df):
        spread = np.full((people, 1), population.within_sd)
    else:
        # Inverse gamma with mean within_sd^2: the distribution under which the baseline's variance is a posterior mean.
        half = population.within_df / 2
        spread = np.sqrt(population.within_sd**2 * half / rng.gamma(half + 1, 1.0, (people, 1)))
    noise = _correlated(rng.standard_normal((people, sessions)), autocorrelation)
    return as_answered(means + spread * noise + (0.0 if shift is None else shift), population)


def _correlated(noise: Floats, autocorrelation: float) -> Floats:
    """Each column made to resemble the one before it, every one of unit variance."""
    if not -1 < autocorrelation < 1:
        raise ValueError("An autocorrelation lies between -1 and 1.")
    if autocorrelation:
        fresh = math.sqrt(1 - autocorrelation**2)
        for session in range(1, noise.shape[1]):
            noise[:, session] = autocorrelation * noise[:, session - 1] + fresh * noise[:, session]
    return noise


def as_answered(scores: Floats, population: Population) -> Floats:
    """Rounded to the scale's step and held between its ends."""
    if population.step is not None:
        origin = population.minimum or 0.0
        scores = origin + np.round((scores - origin) / population.step) * population.step
    low = -np.inf if population.minimum is None else population.minimum
    high = np.inf if population.maximum is None else population.maximum
    return np.clip(scores, low, high)


def course(shape: Shape, population: Population, *, sessions: int, rng: np.random.Generator) -> Floats:
    """One invented course of `sessions` scores on a scale where higher is better. Needs a scale with ends."""
    if population.maximum is None or population.minimum is None:
        raise ValueError("A course is drawn on a scale with two ends.")
    if shape == "always_perfect":
        return np.full(sessions, population.maximum)
    noise = rng.standard_normal(sessions) * 0.6
    start = population.mean + population.between_sd * float(rng.normal(0, 0.4))
    path = _path(shape, sessions, rng)
    return as_answered(start + population.within_sd * (path + noise), population)


def _path(shape: Shape, sessions: int, rng: np.random.Generator) -> Floats:
    progress = np.log1p(np.arange(sessions)) / np.log(max(sessions, 2))
    if shape == "steady_growth":
        return np.asarray(_GROWTH * (progress - 0.5))
    if shape == "low_start_rising":
        return np.asarray(_LOW_START * (progress - 1))
    if shape == "drift_away":
        return np.asarray(-_DRIFT * np.arange(sessions) / max(sessions - 1, 1))
    path = np.zeros(sessions)
    if shape in ("rupture_repaired", "rupture_unrepaired"):
        # Late enough for a baseline, early enough to come back from.
        begins = min(sessions - 1, max(4, int(rng.integers(sessions // 3, max(sessions // 3 + 1, sessions // 2 + 1)))))
        path[begins:] = -_RUPTURE_DEPTH
        if shape == "rupture_repaired":
            path[begins + int(rng.integers(1, 3)) :] = 0.0
    return path


def answers_for(
    target: float, instrument: Instrument, *, rng: np.random.Generator, score: str = "total"
) -> Mapping[str, int]:
    """Whole-number answers to the items of a mean score, as near to `target` as they can be, unevenly spread."""
    scale = instrument.score(score)
    items = [instrument.item(code) for code in scale.items]
    lows = np.array([item.values[0] for item in items])
    highs = np.array([item.values[-1] for item in items])
    wanted = target if scale.method == "sum" else target * len(items)
    answers = np.clip(np.round(wanted / len(items) + rng.normal(0, 0.7, len(items))), lows, highs).astype(int)
    while (gap := round(wanted) - int(answers.sum())) != 0:
        movable = np.flatnonzero(answers < highs if gap > 0 else answers > lows)
        if not len(movable):
            break
        answers[rng.choice(movable)] += 1 if gap > 0 else -1
    return {
        item.code: int(low + high - value if item.reverse else value)
        for item, value, low, high in zip(items, answers, lows, highs, strict=True)
    }


def invented_table(*, clients: int, seed: int) -> list[tuple[str, int, float]]:
    """Rows (client, session, score) of an invented practice on a 0-10 scale: every shape in turn, 4 to 20 sessions."""
    population = Population(8.0, 1.0, 0.7, np.inf, minimum=0.0, maximum=10.0, step=0.1)
    rng = np.random.default_rng(seed)
    shapes = get_args(Shape)
    rows = []
    for number in range(clients):
        scores = course(shapes[number % len(shapes)], population, sessions=int(rng.integers(4, 21)), rng=rng)
        rows += [(f"c{number + 1:02d}", session, round(float(s), 1)) for session, s in enumerate(scores, start=1)]
    return rows


if __name__ == "__main__":
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("client", "session", "alliance"))
    writer.writerows(invented_table(clients=42, seed=20_261_122))
