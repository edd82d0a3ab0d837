"""From answers to scores. A score that cannot be had is a `NotScorable` with its reason, never a zero.

Prorating (the mean of what was answered stands in for what was not) happens per score, up to that score's
`max_missing`; a risk item is never prorated or imputed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from openrapport.analysis import LIBRARY_VERSION
from openrapport.analysis.instrument import Instrument, Item, Scale

Answers: TypeAlias = Mapping[str, int | float | None]
Reason: TypeAlias = Literal["nothing_answered", "too_many_missing", "risk_item_missing"]

# Two equal answers are common by chance; three or more on one scale are worth mentioning.
FEWEST_ANSWERS_FOR_A_STRAIGHT_LINE = 3


class ScoringError(ValueError):
    """An answer that the instrument does not allow. The message names the item."""


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """One score of one check-in. `value` runs from `minimum` to `maximum`; `answered` of `items` went into it."""

    code: str
    value: float
    minimum: float
    maximum: float
    direction: Literal["higher_is_better", "lower_is_better"]
    answered: int
    items: int
    prorated: bool
    ceiling: bool  # at the best possible end
    straight_lined: bool  # every answer the same
    instrument: str
    library: str = LIBRARY_VERSION


@dataclass(frozen=True, slots=True)
class NotScorable:
    """Why there is no score. `missing` are the item codes without a countable answer."""

    code: str
    reason: Reason
    missing: tuple[str, ...]
    answered: int
    items: int
    instrument: str
    library: str = LIBRARY_VERSION


def score(answers: Answers, instrument: Instrument) -> tuple[ScaleScore | NotScorable, ...]:
    """Every score of the instrument, in its order.

    `answers` maps item codes to numbers; a code that is absent or None was skipped. Raises `ScoringError` for a code
    the instrument does not have, or a value the item does not offer. For many check-ins use `scoring_many`.

    >>> from openrapport.analysis.catalogue import get_instrument
    >>> (found,) = score(
    ...     {"trust": 9, "empathy": 8, "genuineness": 8, "respect": 9, "active_listening": 6},
    ...     get_instrument("alliance-adult"),
    ... )
    >>> found.value, found.prorated, found.answered, found.items
    (8.0, True, 5, 7)
    """
    points = {code: _points(code, answer, instrument) for code, answer in answers.items()}
    return tuple(_score_one(scale, answers, points, instrument) for scale in instrument.scores)


def score_total(answers: Answers, instrument: Instrument) -> ScaleScore | NotScorable:
    """The instrument's main score only."""
    return score(answers, instrument)[0]


def _points(code: str, answer: object, instrument: Instrument) -> float | None:
    item = next((item for item in instrument.items if item.code == code), None)
    if item is None:
        raise ScoringError(f"{code}: not an item of {instrument.ref}")
    if answer is None:
        return None
    value = _allowed(item, answer)
    return item.points(value)


def _allowed(item: Item, answer: object) -> float:
    if not item.is_numeric:
        raise ScoringError(f"{item.code}: takes {item.kind}, not a number")
    if isinstance(answer, bool) or not isinstance(answer, (int, float)) or not math.isfinite(answer):
        raise ScoringError(f"{item.code}: {answer!r} is not a number")
    if answer not in item.values:
        raise ScoringError(f"{item.code}: {answer:g} is not one of {item.minimum} to {item.maximum} by {item.step}")
    return float(answer)


def _score_one(
    scale: Scale, answers: Answers, points: Mapping[str, float | None], instrument: Instrument
) -> ScaleScore | NotScorable:
    counted = {code: value for code in scale.items if (value := points.get(code)) is not None}
    missing = tuple(code for code in scale.items if code not in counted)
    reason = _why_not(scale, counted, missing, instrument)
    if reason is not None:
        return NotScorable(
            code=scale.code,
            reason=reason,
            missing=missing,
            answered=len(counted),
            items=len(scale.items),
            instrument=instrument.ref,
        )
    total = math.fsum(counted.values())
    # Multiplied before it is divided: a sum with nothing missing then stays the whole number that it is.
    value = total / len(counted) if scale.method == "mean" else total * len(scale.items) / len(counted)
    given = {answers[code] for code in counted}
    return ScaleScore(
        code=scale.code,
        value=value,
        minimum=scale.minimum,
        maximum=scale.maximum,
        direction=scale.direction,
        answered=len(counted),
        items=len(scale.items),
        prorated=bool(missing),
        ceiling=value == scale.best,
        straight_lined=len(counted) >= FEWEST_ANSWERS_FOR_A_STRAIGHT_LINE and len(given) == 1,
        instrument=instrument.ref,
    )


def _why_not(
    scale: Scale, counted: Mapping[str, float], missing: tuple[str, ...], instrument: Instrument
) -> Reason | None:
    if not counted:
        return "nothing_answered"
    # A skipped risk item stays unknown; it never counts as "no", and its neighbours never answer for it.
    if any(instrument.item(code).risk for code in missing):
        return "risk_item_missing"
    if len(missing) > scale.max_missing:
        return "too_many_missing"
    return None
