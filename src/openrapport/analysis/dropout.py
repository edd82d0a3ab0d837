"""Who will not come back: discrete-time hazard of dropping out after a session (Singer & Willett 1993).

logit h(k) = baseline(k) + covariates. A row is one session somebody attended; the event is that they dropped out
after it. People who finished as planned or are still coming have no event: they are censored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import Estimate, codes_of, interval_of, numbers, same_length
from openrapport.analysis.logistic import logistic
from openrapport.analysis.risk_calibration import RiskCalibration, risk_calibration

Floats = NDArray[np.float64]
Baseline: TypeAlias = Literal["log", "steps"]


@dataclass(frozen=True, slots=True)
class Hazard:
    """A fitted hazard. `coefficients` are log odds; `steps` the first session of each step, empty for "log".

    `spread` of each covariate is its standard deviation, which the ridge acts on.
    """

    baseline: Baseline
    steps: tuple[int, ...]
    covariates: tuple[str, ...]
    coefficients: Mapping[str, Estimate]
    deviance: float
    ridge: float
    n_rows: int
    n_people: int
    n_events: int
    n_iterations: int
    last_session: int


@dataclass(frozen=True, slots=True)
class DropoutRisk:
    """The hazard, fitted on the people kept for fitting, and how it did on those held out (None: nobody was)."""

    hazard: Hazard
    check: RiskCalibration | None
    base_rate: float
    held_out: float
    seed: int
    dropped: int


def dropout_risk(
    person: Sequence[Any],
    session: Sequence[int],
    dropped_out: Sequence[bool | int],
    covariates: Mapping[str, Sequence[float | None] | Floats] | None = None,
    *,
    baseline: Baseline,
    held_out: float,
    seed: int,
    steps: Sequence[int] = (),
    ridge: float = 0.0,
    level: float = 0.95,
) -> DropoutRisk:
    """Fit on some people, judge on the others.

    One row per attended session: `person`, `session` (1, 2, ...), `dropped_out` (1 on the last row of whoever dropped
    out after it, else 0), `covariates` as known at that session. `baseline`: "log" (a line in log session) or "steps"
    (a level from each session in `steps`, the first being 1). `held_out`: share of people kept aside, drawn with
    `seed`; the base rate to beat is that of the others. `ridge` shrinks covariates measured in SDs (0: none); intervals
    then show spread, not bias. Rows lacking a covariate are left out and counted.

    Raises ValueError: lengths differ, a session under 1 or given twice, a row after somebody's dropping out, a step
    without events, or a column that tells events from others without fault (separation; the message names it).

    >>> person = [p for p in range(40) for _ in range(3)]
    >>> found = dropout_risk(person, [1, 2, 3] * 40, [0, 0, 1] * 10 + [0, 0, 0] * 30, baseline="steps",
    ...     steps=[1], held_out=0, seed=1)
    >>> round(risk_by(found.hazard, after=1, until=2), 4)   # 10 events in 120 sessions
    0.0833
    """
    rows = _rows(person, session, dropped_out, covariates or {})
    if not 0 <= held_out < 1:
        raise ValueError("The share of people held out lies from 0 up to, but not including, 1.")
    aside = _drawn(rows.people, held_out, seed)
    fitting = rows.of(~aside[rows.codes])
    hazard = fit_hazard(fitting, baseline=baseline, steps=steps, ridge=ridge, level=level)
    base_rate = float(fitting.event.mean())
    check = None
    if aside.any():
        kept = rows.of(aside[rows.codes])
        design = _design(kept.session, kept.values, hazard.baseline, hazard.steps)
        check = risk_calibration(_probability(design, hazard), kept.event, reference=base_rate, level=level)
    return DropoutRisk(
        hazard=hazard, check=check, base_rate=base_rate, held_out=held_out, seed=seed, dropped=rows.dropped
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Checked person-period rows: `codes` of people, `session`, `event` (0 or 1), `values` (rows, covariates)."""

    codes: NDArray[np.int64]
    people: int
    session: Floats
    event: Floats
    values: Floats
    names: tuple[str, ...]
    dropped: int

    def of(self, chosen: NDArray[np.bool_]) -> Rows:
        codes = np.unique(self.codes[chosen], return_inverse=True)[1]
        people = int(codes.max()) + 1 if len(codes) else 0
        return Rows(
            codes, people, self.session[chosen], self.event[chosen], self.values[chosen], self.names, self.dropped
        )


def fit_hazard(rows: Rows, *, baseline: Baseline, steps: Sequence[int], ridge: float, level: float) -> Hazard:
    """Maximum likelihood by reweighted least squares on all of `rows`; see `dropout_risk`."""
    starts = _checked_steps(rows, baseline, steps)
    if not (math.isfinite(ridge) and ridge >= 0):
        raise ValueError("The ridge is a number of 0 or more.")
    if not 0 < rows.event.sum() < len(rows.event):
        raise ValueError("A hazard takes some sessions after which people dropped out, and some after which not.")
    names = (*_baseline_names(baseline, starts), *rows.names)
    if len(set(names)) < len(names):
        raise ValueError(f"A covariate cannot be called {' or '.join(_baseline_names(baseline, starts))}: rename it.")
    design = _design(rows.session, rows.values, baseline, starts)
    free = len(names) - len(rows.names)
    penalty = np.concatenate([np.zeros(free), ridge * rows.values.var(axis=0)])
    fit = logistic(design, rows.event, names, penalty=penalty)
    errors = np.sqrt(np.diag(fit.covariance))
    found = {
        name: interval_of(float(b), float(se), math.inf, level)
        for name, b, se in zip(names, fit.coefficients, errors, strict=True)
    }
    return Hazard(
        baseline=baseline,
        steps=starts,
        covariates=rows.names,
        coefficients=found,
        deviance=fit.deviance,
        ridge=ridge,
        n_rows=len(rows.event),
        n_people=rows.people,
        n_events=int(rows.event.sum()),
        n_iterations=fit.n_iterations,
        last_session=int(rows.session.max()),
    )


def risk_next(hazard: Hazard, session: int, covariates: Mapping[str, float] | None = None) -> float:
    """Probability of dropping out after `session`: of not coming to the next one. Session 1 is the first."""
    return risk_by(hazard, after=session, until=session + 1, covariates=covariates)


def risk_by(hazard: Hazard, *, after: int, until: int, covariates: Mapping[str, float] | None = None) -> float:
    """Probability that somebody who attended session `after` does not come to session `until`: 1 - prod(1 - h).

    Covariates stay as they are. Raises ValueError: a covariate missing or unknown, sessions in the wrong order, or
    beyond the last session the hazard was fitted on by more than one (that would be extrapolation).
    """
    given = dict(covariates or {})
    if set(given) != set(hazard.covariates):
        raise ValueError(f"This hazard takes exactly these covariates: {', '.join(hazard.covariates) or 'none'}.")
    if not 1 <= after < until <= hazard.last_session + 1:
        raise ValueError(f"Sessions run from 1 to {hazard.last_session}, and `until` comes after `after`.")
    sessions = np.arange(after, until, dtype=float)
    values = np.tile(numbers([given[name] for name in hazard.covariates], "covariates"), (len(sessions), 1))
    if np.isnan(values).any():
        raise ValueError("A covariate without a number gives no risk.")
    chance = _probability(_design(sessions, values, hazard.baseline, hazard.steps), hazard)
    return float(1 - np.prod(1 - chance))


def _probability(design: Floats, hazard: Hazard) -> Floats:
    weights = np.array([estimate.estimate for estimate in hazard.coefficients.values()])
    return np.asarray(1 / (1 + np.exp(-(design @ weights))))


def _design(session: Floats, values: Floats, baseline: Baseline, steps: tuple[int, ...]) -> Floats:
    if baseline == "log":
        return np.column_stack([np.ones(len(session)), np.log(session), values])
    step = np.searchsorted(np.array(steps), session, side="right") - 1
    return np.column_stack([np.eye(len(steps))[step], values])


def _baseline_names(baseline: Baseline, steps: tuple[int, ...]) -> tuple[str, ...]:
    return ("intercept", "log_session") if baseline == "log" else tuple(f"from_session_{step}" for step in steps)


def _checked_steps(rows: Rows, baseline: Baseline, steps: Sequence[int]) -> tuple[int, ...]:
    starts = tuple(int(step) for step in steps)
    if baseline == "log":
        if starts:
            raise ValueError('Steps go with baseline "steps" only.')
        return ()
    if baseline != "steps" or not starts or starts[0] != 1 or list(starts) != sorted(set(starts)):
        raise ValueError('Baseline "steps" needs the first session of each step, rising from 1: (1, 2, 3, 6).')
    step = np.searchsorted(np.array(starts), rows.session, side="right") - 1
    for number, start in enumerate(starts):
        events = rows.event[step == number]
        if not len(events) or events.min() == events.max():
            told = "no session" if not len(events) else "every session" if events.all() else "no session with an event"
            raise ValueError(f"The step from session {start} has {told}: join it to a neighbour.")
    return starts


def _drawn(people: int, share: float, seed: int) -> NDArray[np.bool_]:
    aside = np.zeros(people, dtype=bool)
    aside[np.random.default_rng(seed).permutation(people)[: round(people * share)]] = True
    return aside


def _rows(
    person: Sequence[Any],
    session: Sequence[int],
    dropped_out: Sequence[bool | int],
    covariates: Mapping[str, Sequence[float | None] | Floats],
) -> Rows:
    named = {f"covariate {name}": column for name, column in covariates.items()}
    n = same_length(person=person, session=session, dropped_out=dropped_out, **named)
    codes = codes_of(person)[0]
    when, event = numbers(session, "session"), numbers(dropped_out, "dropped_out")
    if not n or not (when >= 1).all() or (when != np.round(when)).any():
        raise ValueError("Sessions are whole numbers from 1 upwards, one for each row.")
    if not np.isin(event, (0, 1)).all():
        raise ValueError("dropped_out is 1 where the person dropped out after that session, else 0.")
    _refuse_impossible_courses(codes, when, event)
    values = np.array([numbers(column, name) for name, column in covariates.items()]).reshape(len(covariates), n).T
    whole = ~np.isnan(values).any(axis=1)
    kept = np.unique(codes[whole], return_inverse=True)[1]
    if not len(kept):
        raise ValueError("No row has every covariate.")
    return Rows(
        kept, int(kept.max()) + 1, when[whole], event[whole], values[whole], tuple(covariates), n - int(whole.sum())
    )


def _refuse_impossible_courses(codes: NDArray[np.int64], when: Floats, event: Floats) -> None:
    order = np.lexsort((when, codes))
    follows = codes[order][1:] == codes[order][:-1]
    if (follows & (when[order][1:] == when[order][:-1])).any():
        raise ValueError("Somebody has the same session twice.")
    if (follows & (event[order][:-1] == 1)).any():
        raise ValueError("Somebody has a session after they dropped out: the event belongs on their last row.")
