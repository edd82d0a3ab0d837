"""A person's own usual score, borrowing from everybody's while their own scores are few (empirical Bayes).

Model: a person's mean varies between people with SD `between_sd`, their sessions around it with a variance drawn
from an inverse gamma with mean `within_sd`^2 and weight `within_df`; then both formulas below are posterior means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.instrument import Instrument

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Population:
    """How people who never change would answer, in score units.

    `within_df` says how alike people are in how much they go up and down: the weight, in sessions, of everybody's
    variance against a person's own; infinite when all share one. `minimum` and `maximum` are the ends of the scale
    (None: no end); `step` the distance between possible scores (None: any value).
    """

    mean: float
    between_sd: float
    within_sd: float
    within_df: float
    minimum: float | None
    maximum: float | None
    step: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.between_sd) and math.isfinite(self.within_sd)):
            raise ValueError("A population needs a finite mean and finite standard deviations.")
        if self.between_sd < 0 or self.within_sd <= 0 or not self.within_df > 0:
            raise ValueError("A population needs between_sd >= 0, within_sd > 0 and within_df > 0.")

    def turned(self, sign: float) -> Population:
        """The same people on a scale where higher is better; `sign` is -1 when it was not."""
        if sign > 0:
            return self
        ends = (None if self.maximum is None else -self.maximum, None if self.minimum is None else -self.minimum)
        return replace(self, mean=-self.mean, minimum=ends[0], maximum=ends[1])


@dataclass(frozen=True, slots=True)
class Baseline:
    """What to expect of one person's next score. `shrinkage` is B: 0 knows only the population, 1 only the person."""

    n: int
    observed_mean: float | None
    shrinkage: float
    mean: float
    within_sd: float
    predictive_sd: float
    population: Population


def shrinkage(n: Floats | float, population: Population) -> Floats:
    """B = tau2 / (tau2 + sigma2 / n); 0 before the first score."""
    between, within = population.between_sd**2, population.within_sd**2
    n = np.asarray(n, dtype=float)
    return np.asarray(n * between / np.maximum(n * between + within, 1e-300))


def posterior(n: Floats, total: Floats, squares: Floats, population: Population) -> tuple[Floats, Floats, Floats]:
    """Mean, within-person variance and predictive variance of the next score, for many people at once.

    `total` and `squares` are sums of deviations from the population mean, and of their squares, over `n` scores.
    """
    sigma2 = population.within_sd**2
    weight = shrinkage(n, population)
    own_mean = total / np.maximum(n, 1)
    if math.isinf(population.within_df):
        variance = np.full_like(own_mean, sigma2)
    else:
        own_squares = np.maximum(squares - n * own_mean**2, 0.0)
        variance = (population.within_df * sigma2 + own_squares) / (population.within_df + np.maximum(n - 1, 0))
    uncertain_mean = population.between_sd**2 * (1 - weight)
    return population.mean + weight * own_mean, variance, variance + uncertain_mean


def baseline(series: Sequence[float | None], population: Population) -> Baseline:
    """The expected next score after `series` (None: no score that time). An empty series gives the population's."""
    scores = np.array([score for score in series if score is not None], dtype=float)
    if not np.isfinite(scores).all():
        raise ValueError("A series holds numbers, or None where there was no score.")
    deviations = scores - population.mean
    n = np.array([float(len(scores))])
    mean, variance, predictive = posterior(
        n, np.array([deviations.sum()]), np.array([(deviations**2).sum()]), population
    )
    return Baseline(
        n=len(scores),
        observed_mean=float(scores.mean()) if len(scores) else None,
        shrinkage=float(shrinkage(n, population)[0]),
        mean=float(mean[0]),
        within_sd=math.sqrt(variance[0]),
        predictive_sd=math.sqrt(predictive[0]),
        population=population,
    )


def predictive_z(score: float, expected: Baseline) -> float:
    """How far a new score lies from what was expected, in predictive standard deviations."""
    return (score - expected.mean) / expected.predictive_sd


def estimate_population(
    series: Sequence[Sequence[float] | Floats], *, minimum: float | None, maximum: float | None
) -> Population:
    """A population from courses of scores, by moments: one-way random-effects analysis of variance, unbalanced.

    The mean weighs each person by precision. `within_df` comes from how much people's own variances differ beyond
    chance (credibility theory, Buhlmann 1967: 2 + 2 / CV^2). Raises ValueError with fewer than two people, or when
    nobody's scores vary. A trend common to all counts as going up and down.
    """
    courses = [np.asarray(course, dtype=float) for course in series if len(course)]
    sizes = np.array([len(course) for course in courses], dtype=float)
    if len(courses) < 2 or sizes.sum() <= len(courses):
        raise ValueError("Estimating a population takes at least two people, one of them with two scores.")
    means = np.array([course.mean() for course in courses])
    squares = np.array([((course - course.mean()) ** 2).sum() for course in courses])
    within = squares.sum() / (sizes.sum() - len(courses))
    if within <= 0:
        raise ValueError("Nobody's scores vary from one session to the next.")
    grand = float((sizes * means).sum() / sizes.sum())
    mean_square_between = float((sizes * (means - grand) ** 2).sum() / (len(courses) - 1))
    typical_size = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(courses) - 1)
    between = max(0.0, (mean_square_between - within) / typical_size)
    precision = 1 / (between + within / sizes)
    return Population(
        mean=float((precision * means).sum() / precision.sum()),
        between_sd=math.sqrt(between),
        within_sd=math.sqrt(within),
        within_df=_within_df(squares, sizes - 1, float(within)),
        minimum=minimum,
        maximum=maximum,
    )


def _within_df(squares: Floats, freedom: Floats, within: float) -> float:
    """2 + 2 / CV^2, CV^2 the squared coefficient of variation of people's true variances; infinite when they agree."""
    several = freedom > 0
    ratios = squares[several] / freedom[several] / within
    # A variance on d degrees of freedom strays by chance with CV^2 2 / d; long courses say more and are weighed by d.
    weights = freedom[several] / freedom.sum()
    chance = float((weights / freedom[several]).sum())
    spread = (float((weights * (ratios - 1) ** 2).sum()) - 2 * chance) / (1 + 2 * chance)
    return math.inf if spread <= 0 else 2 + 2 / spread


# How much everybody's session-to-session variance counts against a person's own, in sessions, where an instrument's
# norms are all there is. As provisional as the norms: people do differ, but a few check-ins hardly show by how much.
PROVISIONAL_WITHIN_DF = 8.0


def population_of(instrument: Instrument, score: str = "total") -> Population:
    """The never-changing people an instrument's norms describe. Raises LookupError when it has no norms."""
    norms = instrument.norms_of(score)
    if norms is None:
        raise LookupError(f"{instrument.ref} has no norms for {score!r}")
    scale = instrument.score(score)
    step = 1.0 if scale.method == "sum" else 1.0 / len(scale.items)
    return Population(
        mean=norms.mean,
        between_sd=norms.between_sd,
        within_sd=norms.within_sd,
        within_df=PROVISIONAL_WITHIN_DF,
        minimum=scale.minimum,
        maximum=scale.maximum,
        step=step,
    )
