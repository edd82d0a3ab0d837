"""The scores of `scoring.score` for many check-ins at once: whole-number arithmetic on columns, a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.instrument import NOT_SURE, YES, Direction, Instrument, Item, Scale
from openrapport.analysis.scoring import FEWEST_ANSWERS_FOR_A_STRAIGHT_LINE, Reason, ScoringError

Numbers: TypeAlias = NDArray[Any]
Flags: TypeAlias = NDArray[np.bool_]

# Rows handled together: all that is computed on the way then stays in the processor's cache.
SLICE = 65_536

# What `ManyScores.reason` holds, as small whole numbers; 0 is a score.
REASONS: tuple[Reason | None, ...] = (None, "nothing_answered", "too_many_missing", "risk_item_missing")
_NOTHING, _TOO_MANY, _RISK = 1, 2, 3


@dataclass(frozen=True, slots=True)
class ManyScores:
    """One score of many check-ins, a value for each row.

    Where `reason` is not 0 there is no score: `value` is NaN, the flags are False, and `REASONS[reason]` says why.
    """

    code: str
    value: NDArray[np.float64]
    reason: NDArray[np.int8]
    answered: NDArray[np.int16]
    prorated: Flags
    ceiling: Flags
    straight_lined: Flags
    items: int
    minimum: float
    maximum: float
    direction: Direction
    instrument: str


def score_many(
    answers: Mapping[str, Numbers] | Numbers | Sequence[Sequence[float | None]],
    instrument: Instrument,
    columns: Sequence[str] | None = None,
    *,
    missing: Mapping[str, Flags] | None = None,
    first_row: int = 1,
) -> Mapping[str, ManyScores]:
    """Every score of the instrument for each row of `answers`, by the code of the score.

    `answers` is a matrix (check-ins, items) with the item codes of its columns in `columns` (None: the instrument's
    numeric items in their order), or a mapping from item code to column. NaN or None is a skipped item; an item without
    a column was answered by nobody. Small whole numbers are fastest; for these `missing` says by item code where there
    is no answer, whatever number stands there. The numbers are those of `score` on each row.
    Raises `ScoringError` with row (counted from `first_row`) and item for a value an item does not offer, or for a
    wrong column.

    >>> from openrapport.analysis.catalogue import get_instrument
    >>> found = score_many([[8, 8, 9, None, 7, 8, 8], [None] * 7], get_instrument("alliance-adult"))["total"]
    >>> found.value.tolist(), found.prorated.tolist(), REASONS[found.reason[1]]
    ([8.0, nan], [True, False], 'nothing_answered')
    """
    table = _columns(answers, instrument, columns)
    rows = len(table[0][1])
    absent = _absent(missing or {}, rows)
    scores = {scale.code: _empty(rows, scale, instrument) for scale in instrument.scores}
    for first in range(0, rows, SLICE):
        part = slice(first, min(first + SLICE, rows))
        read = {
            item.code: _read(column[part], item, first_row + first, absent(item.code, part)) for item, column in table
        }
        for scale in instrument.scores:
            _fill(scores[scale.code], part, scale, [(instrument.item(code), read.get(code)) for code in scale.items])
    return scores


@dataclass(frozen=True, slots=True)
class _Column:
    """One item of a slice: `answers` and `points` as whole numbers, and `there`: every bit set where they count, none
    where they do not (None: they all do). Bits need no branch, and no number of another width."""

    answers: Numbers
    points: Numbers
    there: NDArray[np.int8] | None


def _absent(missing: Mapping[str, Flags], rows: int) -> Callable[[str, slice], Flags | None]:
    for code, flags in missing.items():
        if flags.shape != (rows,) or flags.dtype != np.bool_:
            raise ScoringError(f"{code}: what is missing needs one truth value for each of the {rows} rows")

    def of(code: str, part: slice) -> Flags | None:
        flags = missing.get(code)
        return None if flags is None or not flags[part].any() else flags[part]

    return of


def _columns(
    answers: Mapping[str, Numbers] | Numbers | Sequence[Sequence[float | None]],
    instrument: Instrument,
    columns: Sequence[str] | None,
) -> list[tuple[Item, Numbers]]:
    """Items with their columns, all of one length."""
    known = {item.code: item for item in instrument.items}
    if isinstance(answers, Mapping):
        codes, arrays = list(answers), [np.asarray(column) for column in answers.values()]
    else:
        table = answers if isinstance(answers, np.ndarray) else np.array(answers, dtype=float)
        codes = [item.code for item in instrument.items if item.is_numeric] if columns is None else list(columns)
        if table.ndim != 2 or table.shape[1] != len(codes):
            raise ScoringError(f"Answers need one row for each check-in and {len(codes)} columns: {', '.join(codes)}.")
        arrays = list(table.T)
    if not codes or any(array.shape != arrays[0].shape or array.ndim != 1 for array in arrays):
        raise ScoringError("Answers need at least one column, and as many rows in one as in the other.")
    for number, (code, array) in enumerate(zip(codes, arrays, strict=True)):
        if code not in known:
            raise ScoringError(f"{code}: not an item of {instrument.ref}")
        if not known[code].is_numeric:
            raise ScoringError(f"{code}: takes {known[code].kind}, not a number")
        if code in codes[:number]:
            raise ScoringError(f"{code}: there are two columns of this item")
        if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
            raise ScoringError(f"{code}: its column holds {array.dtype}, not numbers")
    return [(known[code], array) for code, array in zip(codes, arrays, strict=True)]


def _empty(rows: int, scale: Scale, instrument: Instrument) -> ManyScores:
    return ManyScores(
        code=scale.code,
        value=np.empty(rows),
        reason=np.zeros(rows, dtype=np.int8),
        answered=np.empty(rows, dtype=np.int16),
        prorated=np.zeros(rows, dtype=bool),
        ceiling=np.empty(rows, dtype=bool),
        straight_lined=np.empty(rows, dtype=bool),
        items=len(scale.items),
        minimum=scale.minimum,
        maximum=scale.maximum,
        direction=scale.direction,
        instrument=instrument.ref,
    )


def _read(column: Numbers, item: Item, row: int, absent: Flags | None) -> _Column:
    """Checked answers as the smallest whole numbers that hold them; what is absent stands as the item's minimum.
    `row` is the number of the first one."""
    values = np.array(item.values, dtype=np.int64)
    low, high = int(values[0]), int(values[-1])
    small = _smallest(2 * max(abs(low), abs(high)))
    with np.errstate(invalid="ignore"):
        whole = column.astype(small, copy=False)
    if column.dtype != small and (differs := whole != column).any():
        absent = np.isnan(column) if absent is None else absent | np.isnan(column)
        _refuse(differs & ~absent, column, item, row)
    there = None
    if absent is not None:
        there = absent.view(np.int8) - np.int8(1)
        whole = _masked(whole, there, low)
    if (
        whole.min(initial=low) < low
        or whole.max(initial=low) > high
        or (item.step != 1 and not _offered(whole, values))
    ):
        _refuse(~np.isin(whole, values), column, item, row)
    if item.kind == "yes_no_unsure":
        sure = -(whole != NOT_SURE).view(np.int8)
        there = sure if there is None else there & sure
        high = YES
    return _Column(whole, (low + high - whole) if item.reverse else whole, there)


def _masked(numbers: Numbers, there: NDArray[np.int8], otherwise: int) -> Numbers:
    """`otherwise` where nothing is there."""
    kept = there.astype(numbers.dtype, copy=False)
    masked: Numbers = numbers & kept
    if otherwise:
        masked |= ~kept & numbers.dtype.type(otherwise)
    return masked


def _offered(whole: Numbers, values: NDArray[np.int64]) -> bool:
    return bool(np.isin(whole, values).all())


def _smallest(largest: int) -> type[np.signedinteger[Any]]:
    """The smallest whole-number type that holds -largest to largest."""
    return next((kind for kind in (np.int8, np.int16, np.int32) if largest <= np.iinfo(kind).max), np.int64)


def _refuse(wrong: Flags, column: Numbers, item: Item, row: int) -> None:
    if wrong.any():
        place = int(np.argmax(wrong))
        offered = f"{item.minimum} to {item.maximum} by {item.step}"
        raise ScoringError(f"row {row + place}, {item.code}: {column[place]:g} is not one of {offered}")


def _fill(scores: ManyScores, part: slice, scale: Scale, columns: Sequence[tuple[Item, _Column | None]]) -> None:
    """One score of one slice of rows."""
    rows, items = part.stop - part.start, len(columns)
    kind = _smallest(items * max(max(map(abs, item.values)) for item, _ in columns))
    wide = np.result_type(np.int8, *(column.answers.dtype for _, column in columns if column is not None))
    # Outside every answer, so that a missing one is neither the lowest nor the highest.
    most, least = np.iinfo(wide).max, np.iinfo(wide).min
    total, answered = np.zeros(rows, dtype=kind), np.zeros(rows, dtype=_smallest(items))
    ends = np.full(rows, most, dtype=wide), np.full(rows, least, dtype=wide)
    risk_absent = np.zeros(rows, dtype=bool)
    for item, column in columns:
        if column is None:
            risk_absent |= item.risk
            continue
        points, lowest = column.points, column.answers.astype(wide, copy=False)
        highest = lowest
        if column.there is None:
            answered += 1
        else:
            answered -= column.there
            points = _masked(points, column.there, 0)
            if item.risk:
                risk_absent |= column.there == 0
            lowest, highest = (_masked(lowest, column.there, end) for end in (most, least))
        total += points
        np.minimum(ends[0], lowest, out=ends[0])
        np.maximum(ends[1], highest, out=ends[1])
    scores.answered[part] = answered
    complete = bool((answered == items).all())
    if not complete:
        scores.reason[part] = _reasons(items - answered, risk_absent, items, scale.max_missing)
        scores.prorated[part] = (answered < items) & (scores.reason[part] == 0)
    _set_values(scores, part, scale, total, complete=complete)
    straight = scores.straight_lined[part]
    np.equal(*ends, out=straight)
    straight &= scores.answered[part] >= FEWEST_ANSWERS_FOR_A_STRAIGHT_LINE
    straight &= scores.reason[part] == 0


def _reasons(absent: Numbers, risk_absent: Flags, items: int, max_missing: int) -> NDArray[np.int8]:
    """As `scoring` decides for one row: nothing answered first, then risk, then too many missing."""
    reasons = (absent > max_missing) * np.int8(_TOO_MANY)
    if risk_absent.any():
        reasons[risk_absent] = _RISK
    if reasons.any():
        reasons[absent == items] = _NOTHING
    return reasons


def _set_values(scores: ManyScores, part: slice, scale: Scale, total: Numbers, *, complete: bool) -> None:
    value = scores.value[part]
    value[:] = total
    if not complete:
        counted = np.maximum(scores.answered[part], 1)
        if scale.method == "sum":
            value *= scores.items
        value /= counted
        value[scores.reason[part] != 0] = np.nan
    elif scale.method == "mean":
        value /= scores.items
    np.equal(value, scale.best, out=scores.ceiling[part])
