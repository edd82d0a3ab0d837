"""Is a client on the expected course, and how good is that warning? Sensitivity and specificity on held-out people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeAlias

import numpy as np

from openrapport.analysis.change import CRITERION, reliable_change
from openrapport.analysis.expected_response import Course, ExpectedResponse, expected_course, expected_response
from openrapport.analysis.instrument import Direction
from openrapport.analysis.least_squares import NotEstimable

FailureKind: TypeAlias = Literal["deteriorated", "not_improved"]


@dataclass(frozen=True, slots=True)
class TrackedSession:
    """One session beside what was expected. Without a score `on_track` and `z` are None; `z` rises towards better."""

    session: int
    score: float | None
    expected: float
    low: float
    high: float
    z: float | None
    on_track: bool | None
    extrapolated: bool


@dataclass(frozen=True, slots=True)
class OnTrack:
    """`off_track_at`: the first session whose score lay beyond the worse end of the band, or None."""

    sessions: tuple[TrackedSession, ...]
    off_track_at: int | None
    coverage: float
    direction: Direction


@dataclass(frozen=True, slots=True)
class Failure:
    """What counts as a therapy gone wrong, from intake to the last score (Jacobson & Truax 1991).

    "deteriorated": reliably worse; "not_improved": not reliably better. `sd` and `reliability` are the instrument's.
    """

    kind: FailureKind
    sd: float
    reliability: float
    criterion: float = CRITERION


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its Wilson interval: `count` of `n`."""

    estimate: float
    low: float
    high: float
    count: int
    n: int


@dataclass(frozen=True, slots=True)
class OnTrackCheck:
    """How the warning did on people it had never seen.

    `sensitivity`: warned, of those who failed. `specificity`: not warned, of those who did not. `precision`: failed, of
    those warned. `sessions_ahead`: median from first warning to last score among failures that were warned.
    """

    sensitivity: Rate | NotEstimable
    specificity: Rate | NotEstimable
    precision: Rate | NotEstimable
    base_rate: Rate
    sessions_ahead: float | None
    expected: ExpectedResponse
    failure: Failure
    coverage: float
    n_fitted: int
    n_checked: int
    n_too_short: int
    seed: int
    level: float


def on_track(course: Course, expected: ExpectedResponse, *, coverage: float) -> OnTrack:
    """Lay one client's scores beside the expected course for their intake.

    Off track: worse than the worse end of the band that holds a share `coverage` of new clients' single scores; about
    (1 - coverage) / 2 of scores of people who do as expected lie there at each session. Raises ValueError as
    `expected_course`, and on a score that is not finite.
    """
    better = 1.0 if expected.direction == "higher_is_better" else -1.0
    points = expected_course(expected, course.intake, coverage=coverage, sessions=range(1, len(course.scores) + 1))
    seen = []
    for point, score in zip(points, course.scores, strict=True):
        if score is not None and not math.isfinite(score):
            raise ValueError("A score is a finite number, or None where there was none.")
        worse_end = point.low if better > 0 else point.high
        seen.append(
            TrackedSession(
                session=point.session,
                score=score,
                expected=point.expected,
                low=point.low,
                high=point.high,
                z=None if score is None else better * (score - point.expected) / point.sd,
                on_track=None if score is None else better * (score - worse_end) >= 0,
                extrapolated=point.extrapolated,
            )
        )
    off = next((one.session for one in seen if one.on_track is False), None)
    return OnTrack(sessions=tuple(seen), off_track_at=off, coverage=coverage, direction=expected.direction)


def check_on_track(
    history: Sequence[Course],
    *,
    direction: Direction,
    coverage: float,
    failure: Failure,
    held_out: float,
    seed: int,
    level: float = 0.95,
) -> OnTrackCheck:
    """Learn the expected course on some clients, warn on the others, and count.

    `held_out` is the share of clients kept aside, drawn with `seed`. A warning is any score off track before the last
    one: the last decides who failed, so it may not warn. Clients with fewer than two scores cannot be judged; they are
    counted. Rates without anybody below the line are NotEstimable.

    Raises ValueError: a share not between 0 and 1, too few clients on either side, and as `expected_response`.
    """
    if not 0 < held_out < 1:
        raise ValueError("The share of clients held out lies between 0 and 1.")
    order = np.random.default_rng(seed).permutation(len(history))
    cut = round(len(history) * held_out)
    aside, kept = [history[i] for i in order[:cut]], [history[i] for i in order[cut:]]
    expected = expected_response(kept, direction=direction)
    judged = [course for course in aside if sum(score is not None for score in course.scores) >= 2]
    if not judged:
        raise ValueError("Nobody held out has two scores: hold more people out.")
    failed = [_failed(course, failure, direction) for course in judged]
    ahead = [_sessions_ahead(course, expected, coverage) for course in judged]
    pairs = [(bad, lead is not None) for bad, lead in zip(failed, ahead, strict=True)]
    leads = [lead for bad, lead in zip(failed, ahead, strict=True) if bad and lead is not None]
    n_failed, n_warned = sum(failed), sum(warned for _, warned in pairs)
    hits, quiet = pairs.count((True, True)), pairs.count((False, False))
    return OnTrackCheck(
        sensitivity=_rate(hits, n_failed, "Nobody held out failed.", level),
        specificity=_rate(quiet, len(pairs) - n_failed, "Everybody held out failed.", level),
        precision=_rate(hits, n_warned, "Nobody held out was warned.", level),
        base_rate=wilson(n_failed, len(pairs), level=level),
        sessions_ahead=float(median(leads)) if leads else None,
        expected=expected,
        failure=failure,
        coverage=coverage,
        n_fitted=expected.n_clients,
        n_checked=len(judged),
        n_too_short=len(aside) - len(judged),
        seed=seed,
        level=level,
    )


def wilson(count: int, n: int, *, level: float) -> Rate:
    """A share and its score interval (Wilson 1927), which stays inside 0 and 1.

    >>> found = wilson(8, 10, level=0.95)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4902, 0.9433)
    """
    from scipy.special import ndtri

    if not 0 <= count <= n or n < 1 or not 0 < level < 1:
        raise ValueError("A rate takes a count from 0 to n, n of at least 1, and a level between 0 and 1.")
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    share = count / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Rate(share, max(0.0, middle - half), min(1.0, middle + half), count, n)


def _rate(count: int, n: int, reason: str, level: float) -> Rate | NotEstimable:
    return wilson(count, n, level=level) if n else NotEstimable(reason)


def _failed(course: Course, failure: Failure, direction: Direction) -> bool:
    last = next(score for score in reversed(course.scores) if score is not None)
    verdict = reliable_change(
        course.intake,
        last,
        sd=failure.sd,
        reliability=failure.reliability,
        direction=direction,
        criterion=failure.criterion,
    ).verdict
    return verdict == "worse" if failure.kind == "deteriorated" else verdict != "better"


def _sessions_ahead(course: Course, expected: ExpectedResponse, coverage: float) -> int | None:
    """Sessions from the first warning to the last score; None without a warning before it."""
    last = max(number for number, score in enumerate(course.scores, start=1) if score is not None)
    warned = on_track(course, expected, coverage=coverage).off_track_at
    return None if warned is None or warned >= last else last - warned
