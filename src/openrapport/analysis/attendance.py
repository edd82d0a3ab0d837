"""How steadily somebody comes: share of planned sessions held, and the gaps between them. The measures are our own.

They describe; they have no norms and no cut-offs, and a gap has many reasons (illness, holidays, money, a closed room).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TypeAlias

import numpy as np

# A calendar date, or any whole day number (such as days since the first session).
Day: TypeAlias = date | int | np.datetime64


@dataclass(frozen=True, slots=True)
class Attendance:
    """Gaps are in days, between one attended session and the next. None: cannot be known from what was given.

    `gap_variation` is the SD of the gaps over their mean: 0 for a fixed rhythm. `open_gap` runs from the last attended
    session to `until` and is not among the gaps: nobody knows yet how long it gets.
    """

    scheduled: int | None
    attended: int
    share: float | None
    median_gap: float | None
    gap_variation: float | None
    longest_gap: float | None
    open_gap: int | None
    late: int | None
    late_of: int | None  # attended sessions of which the lateness is known
    late_from: float | None
    measure: str = "OpenRapport's own"


def attendance(
    dates: Sequence[Day],
    attended: Sequence[bool] | None = None,
    *,
    minutes_late: Sequence[float | None] | None = None,
    late_from: float | None = None,
    until: Day | None = None,
) -> Attendance:
    """Attendance of one client, whatever the order of the rows.

    `dates` has one entry for each planned session and `attended` says which of them took place; without `attended`
    all of `dates` took place and the share is unknown (None), not 1. Give `minutes_late` for each row (None: not
    known) together with `late_from`, the minutes from which coming counts as late. `until` ends the observation.
    Raises ValueError for lengths that differ, a missing date, or `until` before the last attended session.

    >>> found = attendance([0, 7, 14, 28], [True, True, False, True], until=33)
    >>> found.share, found.median_gap, found.longest_gap, found.open_gap
    (0.75, 14.0, 21.0, 5)
    """
    if not len(dates):
        raise ValueError("Attendance needs at least one session.")
    if len({isinstance(day, (int, np.integer)) for day in (*dates, *([] if until is None else [until]))}) > 1:
        raise ValueError("Give dates or day numbers, not both.")
    days = [_day_number(day) for day in dates]
    held = _flags(attended, len(days))
    came = sorted(day for day, was_held in zip(days, held, strict=True) if was_held)
    gaps = [float(later - earlier) for earlier, later in pairwise(came)]
    late, late_of = _late(minutes_late, late_from, held)
    return Attendance(
        scheduled=None if attended is None else len(days),
        attended=len(came),
        share=None if attended is None else len(came) / len(days),
        median_gap=statistics.median(gaps) if gaps else None,
        gap_variation=_variation(gaps),
        longest_gap=max(gaps) if gaps else None,
        open_gap=_open_gap(came, until),
        late=late,
        late_of=late_of,
        late_from=late_from,
    )


def _day_number(day: Day | None) -> int:
    if isinstance(day, (datetime, date)):
        return day.toordinal()
    if isinstance(day, np.datetime64):
        if np.isnat(day):
            raise ValueError("A session has no date. Leave the row out, or find its date.")
        # NumPy counts days from 1970, the calendar from the year 1.
        return int(day.astype("datetime64[D]").astype(int)) + date(1970, 1, 1).toordinal()
    if isinstance(day, (int, np.integer)) and not isinstance(day, bool):
        return int(day)
    raise ValueError(f"{day!r} is neither a date nor a whole day number.")


def _flags(attended: Sequence[bool] | None, sessions: int) -> list[bool]:
    if attended is None:
        return [True] * sessions
    flags = list(attended)
    if len(flags) != sessions:
        raise ValueError(f"There are {sessions} dates but {len(flags)} entries in `attended`: give one for each date.")
    for flag in flags:
        if not isinstance(flag, (bool, np.bool_)) and flag not in (0, 1):
            raise ValueError(f"`attended` holds True or False; {flag!r} is neither.")
    return [bool(flag) for flag in flags]


def _variation(gaps: list[float]) -> float | None:
    """SD (n - 1) over mean; None with fewer than two gaps, or when all sessions were on one day."""
    if len(gaps) < 2 or not any(gaps):
        return None
    return statistics.stdev(gaps) / statistics.fmean(gaps)


def _open_gap(came: list[int], until: Day | None) -> int | None:
    if until is None or not came:
        return None
    days = _day_number(until) - came[-1]
    if days < 0:
        raise ValueError("`until` lies before the last attended session.")
    return days


def _late(
    minutes: Sequence[float | None] | None, late_from: float | None, held: list[bool]
) -> tuple[int | None, int | None]:
    """How many attended sessions began late, of how many with a known start."""
    if minutes is None:
        return None, None
    if late_from is None or not late_from > 0:
        raise ValueError("Say with `late_from` from how many minutes on coming counts as late; it must be above 0.")
    if len(minutes) != len(held):
        raise ValueError(f"There are {len(held)} dates but {len(minutes)} entries in `minutes_late`.")
    known = [
        float(value)
        for value, was_held in zip(minutes, held, strict=True)
        if was_held and value is not None and not math.isnan(value)
    ]
    return sum(value >= late_from for value in known), len(known)
