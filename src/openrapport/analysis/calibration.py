"""Setting a rule so that it flags a chosen share of people who never change: parametric bootstrap on a real scale.

Formulas for charts assume an endless scale, a known mean and independent sessions. Here the people are simulated with
the scale's ends and steps, courses as long as asked, and, if wanted, neighbouring sessions that resemble each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.baseline import Population
from openrapport.analysis.false_alarms import (
    false_alarm_rate,
    lengths_of,
    never_changing_courses,
    wilson_interval,
)
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.rules import Flags, Parameters, Rule
from openrapport.analysis.rupture import sweep

People: TypeAlias = NDArray[np.int64]  # places in the table of simulated people

# Which number of each rule is set; the larger it is, the fewer people are flagged.
CALIBRATED: Mapping[str, str] = {
    "empirical-bayes": "z",
    "point-drop": "drop",
    "own-sd": "multiple",
    "stricter-sd": "multiple",
    "individuals": "sigmas",
    "ewma": "width",
    "cusum": "decision",
}
# Fewer flagged people than this say nothing about a share.
_FEWEST_FLAGGED = 20
_SMALLEST, _LARGEST = 1e-6, 1e6
_CLOSE, _EDGE_HALVINGS = 1e-9, 40


@dataclass(frozen=True, slots=True)
class Calibration:
    """The rule as it was set, and the share it flags, found on other simulated people than those it was set on.

    `parameter` is the number that was set, `value` what it was set to. `low` and `high` are the 95 % interval (Wilson)
    of `rate`; they say how exact the simulation is. `calibrated` is the rule, ready to use.
    """

    calibrated: Rule
    rule: str
    parameter: str
    value: float
    parameters: Parameters
    target: float
    rate: float
    low: float
    high: float
    people: int
    sessions: tuple[int, int]  # shortest and longest course
    seed: int
    autocorrelation: float
    population: Population
    share_at_ceiling: float


@dataclass(frozen=True, slots=True)
class Reachable:
    """A value of the parameter and the share of people it flags."""

    value: float
    rate: float


class TargetNotReachable(ValueError):
    """No value of the parameter flags the share asked for; `nearest` are those that come nearest, best first."""

    def __init__(self, rule: str, parameter: str, target: float, nearest: tuple[Reachable, ...]) -> None:
        self.nearest = nearest
        shares = ", or ".join(f"{one.rate:.4f} {_with(parameter, one.value)}" for one in nearest)
        super().__init__(
            f"{rule}: no {parameter} flags a share of {target:g} of these people; the nearest reachable is {shares}."
        )


def _with(parameter: str, value: float) -> str:
    return f"however large the {parameter}" if value >= _LARGEST else f"with {parameter} {value:.10g}"


@dataclass(frozen=True, slots=True)
class _Flat:
    """A stretch of parameter values, `above` to `below`, that all flag the same number of people."""

    above: float
    below: float
    flagged: int


def calibrate(
    rule: Rule,
    population: Population,
    target: float,
    *,
    sessions: int | Sequence[int],
    people: int,
    seed: int,
    autocorrelation: float = 0.0,
    direction: Direction = "higher_is_better",
) -> Calibration:
    """Set `rule` so that it flags the share `target` of never-changing people at least once in their course.

    `rule` brings all other numbers; which one is set stands in `CALIBRATED`. `sessions` is one course length for all,
    or lengths to draw from. Reached means: within the half width of the 95 % interval for that many `people`. Raises
    `TargetNotReachable` (a ValueError) where the scale is too coarse or the rule can flag no more or no fewer, and
    ValueError for a target outside 0..1 or too few people for it.

    >>> import math
    >>> from openrapport.analysis.predictive_rules import EmpiricalBayes
    >>> endless = Population(0, 3, 2, math.inf, minimum=None, maximum=None)
    >>> one_test = calibrate(
    ...     EmpiricalBayes(endless, z=1, min_sessions=3), endless, 0.05, sessions=4, people=20_000, seed=1
    ... )
    >>> one_test.parameter, 1.6 < one_test.value < 1.7, one_test.low < 0.05 < one_test.high
    ('z', True, True)
    """
    parameter = _parameter_of(rule)
    if not 0 < target < 1:
        raise ValueError("A target is a share of people, above 0 and below 1.")
    if min(target, 1 - target) * people < _FEWEST_FLAGGED:
        raise ValueError(f"For a target of {target:g} simulate more people: at least {_FEWEST_FLAGGED} must differ.")
    lengths = lengths_of(sessions, people)
    # A stream of its own: the rate below is told for people the rule was not fitted to.
    rng = np.random.default_rng([seed, 1])
    sign = sign_of(direction)
    courses = sign * np.concatenate(list(never_changing_courses(population, lengths, people, rng, autocorrelation)))

    def with_value(value: float) -> Rule:
        changed: Any = rule
        return replace(changed, **{parameter: value})  # type: ignore[no-any-return]

    def flagged(value: float, who: People) -> Flags:
        return sweep(courses[who], with_value(value), sign=sign).flagged_people

    value = _search(rule.name, parameter, target, _Bracket(flagged, people))
    calibrated = with_value(value)
    achieved = false_alarm_rate(
        calibrated,
        population,
        sessions=sessions,
        people=people,
        seed=seed,
        direction=direction,
        autocorrelation=autocorrelation,
    )
    return Calibration(
        calibrated=calibrated,
        rule=rule.name,
        parameter=parameter,
        value=value,
        parameters=calibrated.parameters,
        target=target,
        rate=achieved.rate,
        low=achieved.low,
        high=achieved.high,
        people=people,
        sessions=achieved.sessions,
        seed=seed,
        autocorrelation=autocorrelation,
        population=population,
        share_at_ceiling=achieved.share_at_ceiling,
    )


def _parameter_of(rule: Rule) -> str:
    parameter = CALIBRATED.get(rule.name)
    if parameter is None:
        raise ValueError(f"No number of the rule {rule.name} is known to set; known: {', '.join(CALIBRATED)}.")
    if rule.parameters.get(parameter) is None:
        raise ValueError(f"{rule.name} is set by its {parameter}; give it one to start from.")
    return parameter


def _search(rule: str, parameter: str, target: float, bracket: _Bracket) -> float:
    """The value that flags the number of people nearest to the target."""
    people, wanted = bracket.people, target * bracket.people
    candidates = sorted(bracket.around(wanted), key=lambda flat: abs(flat.flagged - wanted))
    nearest = candidates[0]
    low, high = wilson_interval(round(wanted), people)
    if abs(nearest.flagged - wanted) / people > (high - low) / 2:
        reachable = tuple(Reachable(_roundest(flat), flat.flagged / people) for flat in candidates)
        raise TargetNotReachable(rule, parameter, target, reachable)
    return _roundest(nearest)


class _Bracket:
    """Two values, the lower flagging as many people as wanted or more, the higher fewer, closing in on each other.

    As a value grows people only stop being flagged, each at a value of their own, because a rule learns the same from
    every score until it first fires. So only those flagged at the lower and not at the higher need judging again.
    """

    def __init__(self, flagged: Callable[[float, People], Flags], people: int) -> None:
        self.people, self._flagged = people, flagged
        everybody = np.arange(people)
        self._low, self._high = _SMALLEST, math.inf
        # Flagged at the lower value and not at the higher; and how many are flagged at the higher.
        self._between = everybody[flagged(_SMALLEST, everybody)]
        self._beyond = 0
        # Who stopped (or will stop) being flagged next to the two values, and a value on the other side of theirs.
        self._before: tuple[float, People] | None = None
        self._after: tuple[float, People] | None = None

    def around(self, wanted: float) -> list[_Flat]:
        """The stretches of values next to the wanted number of people, above and below it."""
        if len(self._between) < wanted:
            self._after, self._high, self._beyond = (_LARGEST, self._between), _SMALLEST, len(self._between)
            return [self._fewer()]
        value = 1.0
        while self._try(value, wanted):
            if value >= _LARGEST:
                return [_Flat(value, value, len(self._between))]  # however large, it flags no fewer
            value *= 2
        while self._high - self._low > _CLOSE * self._high:
            self._try((self._low + self._high) / 2, wanted)
        return [self._more(), self._fewer()]

    def _try(self, value: float, wanted: float) -> bool:
        """Move the lower value here, or the higher when too few are flagged; True for the lower."""
        flagged = self._flagged(value, self._between)
        stay, go = self._between[flagged], self._between[~flagged]
        if self._beyond + len(stay) >= wanted:
            if len(go):
                self._before = self._low, go
            self._low, self._between = value, stay
            return True
        if len(stay):
            self._after = self._high, stay
        self._high, self._between, self._beyond = value, go, self._beyond + len(stay)
        return False

    def _more(self) -> _Flat:
        """All values that flag the same people as the lower one, down to the first."""
        first = _SMALLEST if self._before is None else self._edge(self._low, *self._before)
        return _Flat(first, self._low, self._beyond + len(self._between))

    def _fewer(self) -> _Flat:
        """All values that flag the same people as the higher one, up to the last."""
        last = _LARGEST
        if self._after is not None and len(self._after[1]):
            outside, who = self._after
            last = self._edge(self._high, min(outside, _LARGEST), who)
        return _Flat(self._high, last, self._beyond)

    def _edge(self, inside: float, outside: float, who: People) -> float:
        """How far from `inside` towards `outside` nothing changes for `who`."""
        same = self._flagged(inside, who)
        for _ in range(_EDGE_HALVINGS):
            middle = (inside + outside) / 2
            unchanged = bool((self._flagged(middle, who) == same).all())
            inside, outside = (middle, outside) if unchanged else (inside, middle)
        return inside


def _roundest(flat: _Flat) -> float:
    """The number with the fewest decimals inside the stretch: what can be written down and gives the same share."""
    middle = (flat.above + flat.below) / 2
    for decimals in range(13):
        rounded = round(middle, decimals)
        if flat.above <= rounded <= flat.below and rounded > 0:
            return rounded
    return middle
