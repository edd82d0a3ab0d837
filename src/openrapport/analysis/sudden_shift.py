"""Sudden gains and sudden losses between two neighbouring sessions (Tang & DeRubeis 1999): large, and lasting a while.

Three criteria, all needed: the change reaches a cut in score units; it reaches a share of the score before; and the
sessions before differ from those after by more than a critical t times their pooled SD.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.instrument import Direction, sign_of

Floats = NDArray[np.float64]
Kind: TypeAlias = Literal["gain", "loss"]
Critical: TypeAlias = float | Literal["by_sessions"]

# As published: a quarter of the score before; half of the shift lost again is a reversal (Tang & DeRubeis 1999).
SHARE_OF_SCORE_BEFORE = 0.25
REVERSED_SHARE = 0.5
# Sessions looked at on each side, and how many of them must have a score.
WINDOW = 3
FEWEST_IN_WINDOW = 2
# Two-sided 5 % points of Student's t by scores in both windows, less two: 3 and 3, one missing, two missing (or two
# windows of two). The first alone is the article's; the others go with the scores there are (Lutz et al. 2013).
CRITICAL_T = {4: 2.776445105197793, 3: 3.182446305283708, 2: 4.302652729749462}


@dataclass(frozen=True, slots=True)
class Interval:
    """What the three criteria saw between one session and the next; `improvement` is positive towards better.

    A criterion is None where it could not be judged: a score is missing, or a window has fewer than two.
    """

    before_session: int
    after_session: int
    before: float | None
    after: float | None
    improvement: float | None
    share_of_before: float | None
    n_before: int
    n_after: int
    mean_before: float | None
    mean_after: float | None
    pooled_sd: float | None
    critical: float | None
    first: bool | None
    second: bool | None
    third: bool | None
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Shift:
    """One sudden gain or loss. `reversed_at`: the first later session by which half of it was lost again, or None."""

    kind: Kind
    before_session: int
    after_session: int
    before: float
    after: float
    improvement: float
    reversed_at: int | None


@dataclass(frozen=True, slots=True)
class SuddenShifts:
    cut: float
    share: float
    critical: Critical
    direction: Direction
    intervals: tuple[Interval, ...]
    shifts: tuple[Shift, ...]

    @property
    def gains(self) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.kind == "gain")

    @property
    def losses(self) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.kind == "loss")


def sudden_shift(
    series: Sequence[float | None],
    cut: float,
    *,
    direction: Direction,
    share: float = SHARE_OF_SCORE_BEFORE,
    critical: Critical = "by_sessions",
    sessions: Sequence[int] | None = None,
) -> SuddenShifts:
    """Every interval of one course, and those that are sudden gains or losses.

    `series` in score units and session order, None where no score was given; `cut` is the least change in score units
    (7 for the BDI in the article; often the reliable change of the measure). `critical` is "by_sessions", or one
    number for every interval (2.776 as in the article). `sessions` are the session numbers, default 1, 2, 3, ...
    Scores lie on a scale that begins at zero, because the second criterion takes a share of them.

    Raises ValueError: cut not above 0, share outside [0, 1], a negative or infinite score, session numbers that do
    not rise. Tang & DeRubeis 1999; critical values by available sessions as in Lutz et al. 2013, Wiedemann et al. 2020.

    >>> found = sudden_shift([30, 29, 31, 18, 17, 19], cut=7, direction="lower_is_better")
    >>> [(shift.kind, shift.before_session, shift.after_session, shift.improvement) for shift in found.shifts]
    [('gain', 3, 4, 13.0)]
    """
    scores, numbers = _checked(series, sessions)
    if not (math.isfinite(cut) and cut > 0):
        raise ValueError("The cut is the least change that counts, in score units: a number above 0.")
    if not 0 <= share <= 1:
        raise ValueError("The share of the score before lies from 0 to 1.")
    if critical != "by_sessions" and not critical > 0:
        raise ValueError('The critical value is a number above 0, or "by_sessions".')
    sign = sign_of(direction)
    intervals = tuple(
        _interval(scores, numbers, last, cut=cut, share=share, critical=critical, sign=sign)
        for last in range(len(scores) - 1)
    )
    shifts = tuple(
        _shift(scores, numbers, last, interval.kind, sign)
        for last, interval in enumerate(intervals)
        if interval.kind is not None
    )
    return SuddenShifts(
        cut=float(cut), share=share, critical=critical, direction=direction, intervals=intervals, shifts=shifts
    )


def _checked(series: Sequence[float | None], sessions: Sequence[int] | None) -> tuple[Floats, list[int]]:
    numbers = list(range(1, len(series) + 1)) if sessions is None else [int(number) for number in sessions]
    if len(numbers) != len(series) or any(late <= early for early, late in pairwise(numbers)):
        raise ValueError("Session numbers must rise, one for each score.")
    if any(score is not None and not (math.isfinite(score) and score >= 0) for score in series):
        raise ValueError("A score is a finite number of 0 or more, or None where there was none.")
    return np.array([np.nan if score is None else float(score) for score in series]), numbers


def _interval(
    scores: Floats, numbers: list[int], last: int, *, cut: float, share: float, critical: Critical, sign: float
) -> Interval:
    """The criteria between the scores at `last` and `last + 1`. Both directions share them, by size."""
    before, after = _or_none(scores[last]), _or_none(scores[last + 1])
    early, late = _present(scores[max(0, last + 1 - WINDOW) : last + 1]), _present(scores[last + 1 : last + 1 + WINDOW])
    judged = min(len(early), len(late)) >= FEWEST_IN_WINDOW
    spread = _pooled_sd(early, late) if judged else None
    limit = None if not judged else CRITICAL_T[len(early) + len(late) - 2] if critical == "by_sessions" else critical
    improvement = None if before is None or after is None else sign * (after - before)
    first = second = third = None
    if improvement is not None and before is not None:
        first, second = abs(improvement) >= cut, abs(improvement) >= share * before
        if spread is not None and limit is not None:
            difference = sign * (late.mean() - early.mean()) * math.copysign(1.0, improvement)
            third = bool(difference > limit * spread)
    met = improvement is not None and bool(first and second and third)
    return Interval(
        before_session=numbers[last],
        after_session=numbers[last + 1],
        before=before,
        after=after,
        improvement=improvement,
        share_of_before=None if improvement is None or not before else improvement / before,
        n_before=len(early),
        n_after=len(late),
        mean_before=float(early.mean()) if len(early) else None,
        mean_after=float(late.mean()) if len(late) else None,
        pooled_sd=spread,
        critical=limit,
        first=first,
        second=second,
        third=third,
        kind=None if not met else "gain" if improvement is not None and improvement > 0 else "loss",
    )


def _shift(scores: Floats, numbers: list[int], last: int, kind: Kind, sign: float) -> Shift:
    before, after = float(scores[last]), float(scores[last + 1])
    improvement = sign * (after - before)
    half_way_back = abs(sign * (scores[last + 2 :] - after)) >= REVERSED_SHARE * abs(improvement)
    towards_start = np.sign(sign * (scores[last + 2 :] - after)) == -np.sign(improvement)
    back = np.flatnonzero(half_way_back & towards_start)
    return Shift(
        kind=kind,
        before_session=numbers[last],
        after_session=numbers[last + 1],
        before=before,
        after=after,
        improvement=improvement,
        reversed_at=numbers[last + 2 + int(back[0])] if len(back) else None,
    )


def _pooled_sd(early: Floats, late: Floats) -> float:
    squares = ((early - early.mean()) ** 2).sum() + ((late - late.mean()) ** 2).sum()
    return math.sqrt(float(squares) / (len(early) + len(late) - 2))


def _present(window: Floats) -> Floats:
    return window[~np.isnan(window)]


def _or_none(score: float) -> float | None:
    return None if math.isnan(score) else float(score)
