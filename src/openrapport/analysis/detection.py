"""How often a rule sees a drop that is really there: by simulation on a scale with ends, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openrapport.analysis.baseline import Population
from openrapport.analysis.false_alarms import NORMAL_95, wilson_interval
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.rules import Parameters, Rule
from openrapport.analysis.rupture import sweep
from openrapport.analysis.simulate import never_changing

_PEOPLE_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class DetectionRate:
    """Share of people with a drop in whom the rule sees it, and its 95 % interval (Wilson).

    Seen: the rule begins a rupture at the dropped session, or, for a drop that lasts, there or at any session after.
    `drop` is in points; `onset` the session it came at, None where it was drawn from the second to the last.
    """

    rate: float
    low: float
    high: float
    drop: float
    lasting: bool
    onset: int | None
    people: int
    sessions: int
    seed: int
    rule: str
    parameters: Parameters
    population: Population
    autocorrelation: float


def detection_rate(
    rule: Rule,
    population: Population,
    *,
    drop: float,
    lasting: bool,
    onset: int | None,
    sessions: int,
    people: int,
    seed: int,
    direction: Direction = "higher_is_better",
    autocorrelation: float = 0.0,
) -> DetectionRate:
    """Simulate courses of `sessions` scores of people who drop by `drop` points at session `onset` (None: at random).

    A drop is towards the bad end; on a scale with ends it is held within them. Raises ValueError for a drop that is
    none, or an onset before the second session: there is nothing to drop from.

    >>> import math
    >>> from openrapport.analysis.rules import PointDrop
    >>> calm = Population(20, 3, 0.1, math.inf, minimum=None, maximum=40)
    >>> found = detection_rate(
    ...     PointDrop(cut_off=None, drop=2), calm, drop=4, lasting=False, onset=3, sessions=4, people=500, seed=1
    ... )
    >>> found.rate
    1.0
    """
    if people < 1 or sessions < 2:
        raise ValueError("A detection rate takes at least one person with two sessions.")
    if not drop > 0 or not np.isfinite(drop):
        raise ValueError("A drop to detect is a number of points above 0.")
    if onset is not None and not 2 <= onset <= sessions:
        raise ValueError(f"A drop comes at session 2 to {sessions}.")
    rng = np.random.default_rng(seed)
    sign = sign_of(direction)
    seen = 0
    for first in range(0, people, _PEOPLE_AT_ONCE):
        count = min(_PEOPLE_AT_ONCE, people - first)
        dropped = _dropped(onset, sessions, count, rng, lasting=lasting)
        scores = never_changing(
            population,
            sessions=sessions,
            people=count,
            rng=rng,
            autocorrelation=autocorrelation,
            shift=np.where(dropped, -sign * drop, 0.0),
        )
        seen += int((sweep(sign * scores, rule, sign=sign).onset & dropped).any(axis=1).sum())
    low, high = wilson_interval(seen, people, z=NORMAL_95)
    return DetectionRate(
        rate=seen / people,
        low=low,
        high=high,
        drop=drop,
        lasting=lasting,
        onset=onset,
        people=people,
        sessions=sessions,
        seed=seed,
        rule=rule.name,
        parameters=rule.parameters,
        population=population,
        autocorrelation=autocorrelation,
    )


def _dropped(
    onset: int | None, sessions: int, people: int, rng: np.random.Generator, *, lasting: bool
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which sessions of which person lie lower: (people, sessions)."""
    begins = np.full(people, onset - 1) if onset is not None else rng.integers(1, sessions, people)
    position = np.arange(sessions)
    return position >= begins[:, None] if lasting else position == begins[:, None]
