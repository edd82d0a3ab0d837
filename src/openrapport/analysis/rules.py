"""Rules for calling a drop a rupture. None is agreed on (Lipner et al. 2022), so each is named and has its numbers.

A rule is frozen parameters plus `watch`, which walks many courses at once, session by session. Everything here is
oriented so that higher is better. A rule draws a line under each coming score; below the line it fires.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.baseline import Floats
from openrapport.analysis.charts import RANGE_OF_TWO

Flags: TypeAlias = NDArray[np.bool_]
Parameters: TypeAlias = Mapping[str, float | None]

# Scores are means of a few whole numbers: two that should be equal may differ by rounding in the last place.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """What a rule expects of each person's next score, and the line below which it fires.

    `limit` is the line in score units as reported; `boundary` the same moved by `ROUNDING`, so that a rule which fires
    *at* its line does and one which fires *under* it does not. `ready` is False where the rule cannot judge yet.
    """

    reference: Floats
    limit: Floats
    boundary: Floats
    ready: Flags


class Watch(Protocol):
    def line(self, session: int) -> Line: ...

    def statistic(self, line: Line, scores: Floats) -> Floats:
        """The rule's own number for these scores (a z, a drop, a cumulative sum)."""
        ...

    def learn(self, session: int, scores: Floats, *, in_rupture: Flags) -> None:
        """Take in one session's scores (NaN: none). Scores inside an open rupture do not shift what is usual."""
        ...


class Rule(Protocol):
    name: ClassVar[str]

    @property
    def parameters(self) -> Parameters: ...

    def watch(self, scores: Floats, sign: float) -> Watch: ...


def refuse_unless_above_zero(rule: str, **parameters: float) -> None:
    """Raises ValueError naming the parameter: below 0 a rule would fire on good scores, on NaN never."""
    for name, value in parameters.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{rule} needs a {name.replace('_', ' ')} above 0.")


@dataclass(frozen=True, slots=True)
class PointDrop:
    """A score below a fixed cut-off, or `drop` points or more under the last one. The kind of rule vendors print."""

    name: ClassVar[str] = "point-drop"
    cut_off: float | None
    drop: float | None

    def __post_init__(self) -> None:
        if self.cut_off is None and self.drop is None:
            raise ValueError("point-drop needs a cut-off, a drop, or both.")
        if self.drop is not None:
            refuse_unless_above_zero(self.name, drop=self.drop)
        if self.cut_off is not None and not math.isfinite(self.cut_off):
            raise ValueError("point-drop needs a cut-off that is a number, or None.")

    @property
    def parameters(self) -> Parameters:
        return {"cut_off": self.cut_off, "drop": self.drop}

    def watch(self, scores: Floats, sign: float) -> Watch:
        return _PointDropWatch(len(scores), None if self.cut_off is None else sign * self.cut_off, self.drop)


class _PointDropWatch:
    def __init__(self, people: int, cut_off: float | None, drop: float | None) -> None:
        self._cut_off = -np.inf if cut_off is None else cut_off
        self._drop = np.inf if drop is None else drop
        self._last = np.full(people, np.nan)

    def line(self, session: int) -> Line:
        seen = np.isfinite(self._last)
        from_last = np.where(seen, self._last - self._drop, -np.inf)
        limit = np.maximum(self._cut_off, from_last)
        boundary = np.maximum(self._cut_off - ROUNDING, from_last + ROUNDING)
        reference = np.where(seen, self._last, self._cut_off)
        return Line(reference, limit, boundary, ready=np.isfinite(limit))

    def statistic(self, line: Line, scores: Floats) -> Floats:
        return scores - line.reference

    def learn(self, session: int, scores: Floats, *, in_rupture: Flags) -> None:
        self._last = np.where(np.isnan(scores), self._last, scores)


@dataclass(frozen=True, slots=True)
class OwnSd:
    """A score `multiple` of the person's own SDs or more under their own mean, both over the whole course.

    1 SD is the size used by Strauss et al. 2006, 2 SD by Stiles et al. 2004. It looks back: the course must be over.
    """

    name: ClassVar[str] = "own-sd"
    multiple: float

    def __post_init__(self) -> None:
        refuse_unless_above_zero(self.name, multiple=self.multiple)

    @property
    def parameters(self) -> Parameters:
        return {"multiple": self.multiple}

    def watch(self, scores: Floats, sign: float) -> Watch:
        mean, sd = _own_mean_and_sd(scores)
        return _FixedLineWatch(mean, self.multiple * sd, unit=sd, inclusive=True)


@dataclass(frozen=True, slots=True)
class StricterSd:
    """As `OwnSd`, but at least `multiple` of a spread in the sample as well: the larger drop of the two is asked for.

    Gumz et al. 2012: variability within and between people combined, the stricter taken, so that neither a very even
    course nor a very uneven one is flagged for small change.
    """

    name: ClassVar[str] = "stricter-sd"
    multiple: float
    between_sd: float

    def __post_init__(self) -> None:
        refuse_unless_above_zero(self.name, multiple=self.multiple, between_sd=self.between_sd)

    @property
    def parameters(self) -> Parameters:
        return {"multiple": self.multiple, "between_sd": self.between_sd}

    def watch(self, scores: Floats, sign: float) -> Watch:
        mean, sd = _own_mean_and_sd(scores)
        larger = np.maximum(sd, self.between_sd)
        return _FixedLineWatch(mean, self.multiple * larger, unit=larger, inclusive=True)


@dataclass(frozen=True, slots=True)
class Individuals:
    """A score under the lower limit of an individuals chart (XmR) of the whole course. It looks back."""

    name: ClassVar[str] = "individuals"
    sigmas: float

    def __post_init__(self) -> None:
        refuse_unless_above_zero(self.name, sigmas=self.sigmas)

    @property
    def parameters(self) -> Parameters:
        return {"sigmas": self.sigmas}

    def watch(self, scores: Floats, sign: float) -> Watch:
        mean, _ = _own_mean_and_sd(scores)
        sigma = _mean_moving_range(scores) / RANGE_OF_TWO
        return _FixedLineWatch(mean, self.sigmas * sigma, unit=sigma, inclusive=False)


class _FixedLineWatch:
    """One line for the whole course, `distance` under the person's own mean. No line where nothing varies."""

    def __init__(self, mean: Floats, distance: Floats, *, unit: Floats, inclusive: bool) -> None:
        limit = mean - distance
        self._unit = unit
        boundary = limit + (ROUNDING if inclusive else -ROUNDING)
        self._line = Line(mean, limit, boundary, ready=np.isfinite(limit) & (unit > ROUNDING))

    def line(self, session: int) -> Line:
        return self._line

    def statistic(self, line: Line, scores: Floats) -> Floats:
        return (scores - line.reference) / np.where(self._line.ready, self._unit, np.nan)

    def learn(self, session: int, scores: Floats, *, in_rupture: Flags) -> None:
        return None


def _own_mean_and_sd(scores: Floats) -> tuple[Floats, Floats]:
    """Each person's mean and SD (n - 1) over the scores they gave; NaN with fewer than two."""
    answered = ~np.isnan(scores)
    n = answered.sum(axis=1)
    enough = n >= 2
    mean = np.where(answered, scores, 0.0).sum(axis=1) / np.maximum(n, 1)
    squares = (np.where(answered, scores - mean[:, None], 0.0) ** 2).sum(axis=1)
    sd = np.sqrt(squares / np.maximum(n - 1, 1))
    return np.where(enough, mean, np.nan), np.where(enough, sd, np.nan)


def _mean_moving_range(scores: Floats) -> Floats:
    """Mean absolute difference between one given score and the one given before it, for each person."""
    last = np.full(len(scores), np.nan)
    total, count = np.zeros(len(scores)), np.zeros(len(scores))
    for column in scores.T:
        both = ~np.isnan(column) & ~np.isnan(last)
        total += np.where(both, np.abs(column - last), 0.0)
        count += both
        last = np.where(np.isnan(column), last, column)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
