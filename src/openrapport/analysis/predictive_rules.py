"""Rules that expect each score from the ones before it: one surprise or several added up.

All three need the population the person comes from, and nothing later than the score they judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from openrapport.analysis.baseline import Floats, Population, posterior
from openrapport.analysis.charts import ewma_limit
from openrapport.analysis.rules import ROUNDING, Flags, Line, Parameters, Watch, refuse_unless_above_zero


@dataclass(frozen=True, slots=True)
class EmpiricalBayes:
    """A score further than `z` predictive SDs under what the person's earlier scores and the population lead to expect.

    It judges from the session after `min_sessions` earlier scores, and needs nothing later than the score itself.
    """

    name: ClassVar[str] = "empirical-bayes"
    population: Population
    z: float
    min_sessions: int

    def __post_init__(self) -> None:
        refuse_unless_above_zero(self.name, z=self.z)

    @property
    def parameters(self) -> Parameters:
        return {"z": self.z, "min_sessions": self.min_sessions, **_of(self.population)}

    def watch(self, scores: Floats, sign: float) -> Watch:
        return _EmpiricalBayesWatch(len(scores), self.population.turned(sign), self.z, self.min_sessions)


class _Running:
    """Sums of each person's scores so far, as deviations from the population mean."""

    def __init__(self, people: int, population: Population) -> None:
        self.population = population
        self.n, self.total, self.squares = np.zeros(people), np.zeros(people), np.zeros(people)

    def expected(self) -> tuple[Floats, Floats]:
        mean, _, predictive = posterior(self.n, self.total, self.squares, self.population)
        return mean, np.sqrt(predictive)

    def add(self, scores: Floats, *, leave_out: Flags) -> None:
        counted = ~np.isnan(scores) & ~leave_out
        deviation = np.where(counted, scores - self.population.mean, 0.0)
        self.n += counted
        self.total += deviation
        self.squares += deviation**2


class _EmpiricalBayesWatch:
    def __init__(self, people: int, population: Population, z: float, min_sessions: int) -> None:
        self._running, self._z, self._min_sessions = _Running(people, population), z, min_sessions
        self._sd = np.zeros(people)

    def line(self, session: int) -> Line:
        mean, self._sd = self._running.expected()
        limit = mean - self._z * self._sd
        return Line(mean, limit, limit - ROUNDING, ready=self._running.n >= self._min_sessions)

    def statistic(self, line: Line, scores: Floats) -> Floats:
        return (scores - line.reference) / self._sd

    def learn(self, session: int, scores: Floats, *, in_rupture: Flags) -> None:
        self._running.add(scores, leave_out=in_rupture)


@dataclass(frozen=True, slots=True)
class Ewma:
    """A weighted average of one-step surprises (predictive z) under its limit: small drops that last. Judges from the
    first score; `weight` is lambda, `width` is L."""

    name: ClassVar[str] = "ewma"
    population: Population
    weight: float
    width: float

    def __post_init__(self) -> None:
        refuse_unless_above_zero(self.name, weight=self.weight, width=self.width)
        if self.weight > 1:
            raise ValueError("ewma needs a weight of at most 1.")

    @property
    def parameters(self) -> Parameters:
        return {"weight": self.weight, "width": self.width, **_of(self.population)}

    def watch(self, scores: Floats, sign: float) -> Watch:
        return _EwmaWatch(len(scores), self.population.turned(sign), self.weight, self.width)


class _EwmaWatch:
    def __init__(self, people: int, population: Population, weight: float, width: float) -> None:
        self._running, self._weight, self._width = _Running(people, population), weight, width
        self._average, self._count, self._sd = np.zeros(people), np.zeros(people), np.ones(people)

    def line(self, session: int) -> Line:
        mean, self._sd = self._running.expected()
        lowest = -ewma_limit(self._count + 1, weight=self._weight, width=self._width)
        # Solved for the score: where this session's average would just meet its limit.
        limit = mean + self._sd * (lowest - (1 - self._weight) * self._average) / self._weight
        return Line(mean, limit, limit - ROUNDING, ready=np.ones(len(mean), dtype=bool))

    def statistic(self, line: Line, scores: Floats) -> Floats:
        return np.asarray(
            self._weight * (scores - line.reference) / self._sd + (1 - self._weight) * self._average, dtype=float
        )

    def learn(self, session: int, scores: Floats, *, in_rupture: Flags) -> None:
        mean, sd = self._running.expected()
        updated = self._weight * (scores - mean) / sd + (1 - self._weight) * self._average
        answered = ~np.isnan(scores)
        # After an alarm the chart starts afresh, as charts do.
        self._average = np.where(in_rupture, 0.0, np.where(answered, updated, self._average))
        self._count = np.where(in_rupture, 0.0, self._count + answered)
        self._running.add(scores, leave_out=in_rupture)


@dataclass(frozen=True, slots=True)
class Cusum:
    """A downward cumulative sum of one-step surprises above `decision` (h), with `allowance` (k): a slow slide."""

    name: ClassVar[str] = "cusum"
    population: Population
    allowance: float
    decision: float

    def __post_init__(self) -> None:
        refuse_unless_above_zero(self.name, decision=self.decision)
        if not 0 <= self.allowance < math.inf:
            raise ValueError("cusum needs an allowance of 0 or more.")

    @property
    def parameters(self) -> Parameters:
        return {"allowance": self.allowance, "decision": self.decision, **_of(self.population)}

    def watch(self, scores: Floats, sign: float) -> Watch:
        return _CusumWatch(len(scores), self.population.turned(sign), self.allowance, self.decision)


class _CusumWatch:
    def __init__(self, people: int, population: Population, allowance: float, decision: float) -> None:
        self._running, self._allowance, self._decision = _Running(people, population), allowance, decision
        self._sum, self._sd = np.zeros(people), np.ones(people)

    def line(self, session: int) -> Line:
        mean, self._sd = self._running.expected()
        limit = mean + self._sd * (self._sum - self._allowance - self._decision)
        return Line(mean, limit, limit - ROUNDING, ready=np.ones(len(mean), dtype=bool))

    def statistic(self, line: Line, scores: Floats) -> Floats:
        return np.maximum(0.0, self._sum - (scores - line.reference) / self._sd - self._allowance)

    def learn(self, session: int, scores: Floats, *, in_rupture: Flags) -> None:
        mean, sd = self._running.expected()
        updated = np.maximum(0.0, self._sum - (scores - mean) / sd - self._allowance)
        self._sum = np.where(in_rupture, 0.0, np.where(np.isnan(scores), self._sum, updated))
        self._running.add(scores, leave_out=in_rupture)


def _of(population: Population) -> dict[str, float | None]:
    return {
        "population_mean": population.mean,
        "between_sd": population.between_sd,
        "within_sd": population.within_sd,
        "within_df": population.within_df,
    }
