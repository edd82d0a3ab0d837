"""The course to expect of somebody who starts like this: score on log(session) by intake severity, with its band.

score = b0 + b1 log(session) + b2 (intake - m) + b3 log(session) (intake - m) + u0 + u1 log(session) + e, u0 and u1 each
client's own. The band holds single scores of a new client: v = x' C x + z' D z + sigma2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.result import GrowthFit, Method
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.least_squares import numbers, same_length

Floats = NDArray[np.float64]

# Names of the fixed effects, in the order of a row of the design.
FIXED = ("(Intercept)", "log_session", "intake", "log_session:intake")
FEWEST_CLIENTS = 20
SESSIONS = range(1, 21)


@dataclass(frozen=True, slots=True)
class Course:
    """One client: the score before therapy began, and one for each session from the first (None: none was given)."""

    client: Any
    intake: float
    scores: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ExpectedResponse:
    """A fitted expectation, in score units. `fixed` belongs to `FIXED`, with intake around `intake_mean`.

    `client_covariance` is D of intercept and slope, `fixed_covariance` C. Outside `intake_low` to `intake_high` and
    after `last_session` nobody was seen: there the band is extrapolated, and says so.
    """

    fixed: tuple[float, ...]
    fixed_se: tuple[float, ...]
    fixed_covariance: tuple[tuple[float, ...], ...]
    client_covariance: tuple[tuple[float, ...], ...]
    residual_sd: float
    intake_mean: float
    intake_low: float
    intake_high: float
    last_session: int
    direction: Direction
    n_clients: int
    n_scores: int
    converged: bool
    message: str


@dataclass(frozen=True, slots=True)
class ExpectedPoint:
    """What to expect at one session: a share `coverage` of new clients with this intake score from `low` to `high`."""

    session: int
    expected: float
    low: float
    high: float
    sd: float
    extrapolated: bool


def expected_response(history: Sequence[Course], *, direction: Direction, method: Method = "reml") -> ExpectedResponse:
    """Learn the expected course from clients whose therapy is over or under way.

    The intake score comes from before session 1: it predicts the sessions and is not one of them. Fixed effects of
    log(session), intake and their product; random intercept and slope for each client, REML or ML.

    Raises ValueError: fewer than 20 clients with a score, an intake that is not a number or the same for all, one
    client twice. Log-linear course by intake severity: Lutz, Martinovich & Howard 1999; Finch, Lambert & Schaalje 2001.
    """
    from openrapport.analysis.growth.fit import growth

    sign_of(direction)
    used = [course for course in history if any(score is not None for score in course.scores)]
    if len({course.client for course in used}) != len(used):
        raise ValueError("A client has one course: join the sessions of whoever is there twice.")
    if len(used) < FEWEST_CLIENTS:
        raise ValueError(f"An expected response takes at least {FEWEST_CLIENTS} clients with scores, not {len(used)}.")
    intakes = np.array([float(course.intake) for course in used])
    if not np.isfinite(intakes).all():
        raise ValueError("Every course needs its intake score, a finite number.")
    if np.ptp(intakes) == 0:
        raise ValueError("Everybody has the same intake score: its effect cannot be learnt.")
    table = _table(used, float(intakes.mean()))
    fit = growth(
        table,
        outcome="score",
        client="client",
        fixed="log_session * intake",
        random="1 + log_session",
        method=method,
    )
    return _from(fit, table, intakes, direction)


def expected_course(
    expected: ExpectedResponse, intake: float, *, coverage: float, sessions: Iterable[int] = SESSIONS
) -> tuple[ExpectedPoint, ...]:
    """Expected score and band at each of `sessions` for a new client with this intake.

    `coverage`, such as .80, is a choice about how many people on track may be called up for a look: no default.
    Raises ValueError: coverage not between 0 and 1, a session under 1, an intake that is not a number.
    """
    from scipy.special import ndtri

    if not 0 < coverage < 1:
        raise ValueError("The coverage of a band lies between 0 and 1, such as 0.8.")
    if not math.isfinite(intake):
        raise ValueError("An expected course starts from an intake score.")
    when = [int(session) for session in sessions]
    if any(session < 1 for session in when):
        raise ValueError("Sessions are numbered from 1.")
    mean, sd = _prediction(expected, intake, np.array(when, dtype=float))
    width = float(ndtri(0.5 + coverage / 2))
    outside = not expected.intake_low <= intake <= expected.intake_high
    return tuple(
        ExpectedPoint(
            session=session,
            expected=float(m),
            low=float(m - width * s),
            high=float(m + width * s),
            sd=float(s),
            extrapolated=outside or session > expected.last_session,
        )
        for session, m, s in zip(when, mean, sd, strict=True)
    )


def courses_of(
    client: Sequence[Any],
    session: Sequence[int],
    score: Sequence[float | None] | Floats,
    intake: Sequence[float | None] | Floats,
) -> tuple[Course, ...]:
    """Courses from a table with one row for each session, `intake` repeated on each row of a client.

    Raises ValueError: lengths differ, a session that is no whole number from 1 or comes twice, an intake that is
    missing or changes within a client.

    >>> courses_of(["Ana", "Ana", "Bo"], [1, 3, 1], [20, 17, 30], [24, 24, 31])[0]
    Course(client='Ana', intake=24.0, scores=(20.0, None, 17.0))
    """
    same_length(client=client, session=session, score=score, intake=intake)
    when, before = numbers(session, "session"), numbers(intake, "intake")
    if np.isnan(before).any() or not (when >= 1).all() or (when != np.round(when)).any():
        raise ValueError("Every row needs an intake score and a session number, whole and from 1 upwards.")
    found: dict[Any, dict[int, float | None]] = {}
    intakes: dict[Any, float] = {}
    for who, at, value, start in zip(client, when.astype(int), numbers(score, "score"), before, strict=True):
        if intakes.setdefault(who, float(start)) != start:
            raise ValueError(f"The intake score of {who!r} changes from row to row.")
        if int(at) in found.setdefault(who, {}):
            raise ValueError(f"{who!r} has session {at} twice.")
        found[who][int(at)] = None if math.isnan(value) else float(value)
    return tuple(
        Course(who, intakes[who], tuple(scores.get(k) for k in range(1, max(scores) + 1)))
        for who, scores in found.items()
    )


def _table(courses: Sequence[Course], intake_mean: float) -> dict[str, NDArray[Any]]:
    rows = [
        (index, number, float(score), course.intake - intake_mean)
        for index, course in enumerate(courses)
        for number, score in enumerate(course.scores, start=1)
        if score is not None
    ]
    who, session, score, intake = (np.array(column) for column in zip(*rows, strict=True))
    if not np.isfinite(score).all():
        raise ValueError("A score is a finite number, or None where there was none.")
    return {"client": who, "session": session, "log_session": np.log(session), "score": score, "intake": intake}


def _from(fit: GrowthFit, table: dict[str, NDArray[Any]], intakes: Floats, direction: Direction) -> ExpectedResponse:
    from openrapport.analysis.growth.covariances import covariance_of

    names = tuple(fit.fixed)
    order = [names.index(name) for name in FIXED]
    return ExpectedResponse(
        fixed=tuple(fit.fixed[name].estimate for name in FIXED),
        fixed_se=tuple(fit.fixed[name].se for name in FIXED),
        fixed_covariance=tuple(tuple(fit.fixed_covariance[i][j] for j in order) for i in order),
        client_covariance=tuple(tuple(float(v) for v in row) for row in covariance_of(fit, "client")),
        residual_sd=fit.residual_sd,
        intake_mean=float(intakes.mean()),
        intake_low=float(intakes.min()),
        intake_high=float(intakes.max()),
        last_session=int(table["session"].max()),
        direction=direction,
        n_clients=fit.n_clients,
        n_scores=fit.n_rows,
        converged=fit.converged,
        message=fit.message,
    )


def _prediction(expected: ExpectedResponse, intake: float, session: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of a new client's single score at each session."""
    t, start = np.log(session), np.full(len(session), intake - expected.intake_mean)
    x = np.stack([np.ones(len(t)), t, start, t * start], axis=1)
    z = x[:, :2]
    unknown = np.einsum("ni,ij,nj->n", x, np.array(expected.fixed_covariance), x)
    between = np.einsum("ni,ij,nj->n", z, np.array(expected.client_covariance), z)
    return x @ np.array(expected.fixed), np.sqrt(unknown + between + expected.residual_sd**2)
