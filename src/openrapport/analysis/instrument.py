"""What a questionnaire is: items, scores, cut-offs, norms and the right to use it. Frozen data, read by code or key.

Everything clinical (a cut-off, a norm, how many answers may be missing) stands in an instrument, never in a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Audience: TypeAlias = Literal["adult", "teen", "child", "guardian", "therapist"]
Kind: TypeAlias = Literal["alliance", "wellbeing", "child_connecting", "outcome"]
ItemKind: TypeAlias = Literal["rating", "faces", "yes_no_unsure", "words", "drawing"]
Direction: TypeAlias = Literal["higher_is_better", "lower_is_better"]
Method: TypeAlias = Literal["mean", "sum"]
Permission: TypeAlias = Literal["allowed", "permission_needed", "not_allowed"]
Comparison: TypeAlias = Literal["below", "at_most", "above", "at_least", "differ_by_at_least"]
Translated: TypeAlias = Mapping[str, str]  # language code -> text

# The seven components of the alliance, in the order every page shows them.
COMPONENTS = ("trust", "empathy", "genuineness", "respect", "active_listening", "confidentiality", "shared_goals")

# In a yes/no/unsure item, "not sure" is an answer but not a quantity: it never counts as "no".
NO, YES, NOT_SURE = 0, 1, 2


def sign_of(direction: Direction) -> float:
    """1 where higher is better, -1 where lower is. Raises ValueError on any other word, which would turn results round.

    >>> sign_of("lower_is_better")
    -1.0
    """
    if direction not in get_args(Direction):
        raise ValueError(f"The direction is {' or '.join(map(repr, get_args(Direction)))}, not {direction!r}.")
    return 1.0 if direction == "higher_is_better" else -1.0


class InstrumentError(ValueError):
    """An instrument file that cannot be used. One line: the file, the key path, what is wrong."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `minimum`, `maximum` and `step` are None for words and drawings, which no score uses."""

    code: str
    kind: ItemKind
    component: str | None
    minimum: int | None
    maximum: int | None
    step: int | None
    reverse: bool
    risk: bool
    optional: bool
    label: Translated  # short, for tables and profiles
    text: Translated  # the question itself
    anchors: Mapping[str, Mapping[int, str]]  # language -> value -> words at that value

    @property
    def is_numeric(self) -> bool:
        return self.minimum is not None

    @property
    def values(self) -> tuple[int, ...]:
        """Every value a person may choose, lowest first; empty for words and drawings."""
        if self.minimum is None or self.maximum is None or self.step is None:
            return ()
        return tuple(range(self.minimum, self.maximum + 1, self.step))

    def points(self, value: float) -> float | None:
        """What an allowed answer counts for: turned round when reversed; None for "not sure"."""
        if self.minimum is None or self.maximum is None:
            return None
        if self.kind == "yes_no_unsure":
            if value == NOT_SURE:
                return None
            return float(YES - value if self.reverse else value)
        return float(self.minimum + self.maximum - value if self.reverse else value)


@dataclass(frozen=True, slots=True)
class Scale:
    """One score made of items. `minimum` and `maximum` are the ends of the score, not of its items."""

    code: str
    title: Translated
    items: tuple[str, ...]
    method: Method
    max_missing: int
    direction: Direction
    minimum: float
    maximum: float

    @property
    def best(self) -> float:
        return self.maximum if self.direction == "higher_is_better" else self.minimum


@dataclass(frozen=True, slots=True)
class CutOff:
    """A number with a meaning. `on` is the code of a score, or "items" for each rated item by itself.

    `first_session`..`last_session` limit it to a part of the course; `in_a_row` asks for that many check-ins running.
    """

    code: str
    on: str
    comparison: Comparison
    value: float
    first_session: int | None
    last_session: int | None
    in_a_row: int
    meaning: Translated
    provisional: bool
    source: str | None
    reasoning: str | None

    def applies_at(self, session: int) -> bool:
        return (self.first_session is None or session >= self.first_session) and (
            self.last_session is None or session <= self.last_session
        )

    def is_crossed(self, value: float) -> bool:
        """True when one value crosses; for `differ_by_at_least` pass the difference of the two values."""
        crossed = {
            "below": value < self.value,
            "at_most": value <= self.value,
            "above": value > self.value,
            "at_least": value >= self.value,
            "differ_by_at_least": abs(value) >= self.value,
        }
        return crossed[self.comparison]


@dataclass(frozen=True, slots=True)
class Norms:
    """Expected behaviour of one score: mean at session 1, growth per natural-log session, and three sources of spread.

    Either published (`source`) or an assumption (`provisional`, with its `reasoning`); never both, never neither.
    """

    score: str
    mean: float
    between_sd: float
    within_sd: float
    reliability: float
    slope_per_log_session: float
    slope_sd: float
    provisional: bool
    source: str | None
    reasoning: str | None


@dataclass(frozen=True, slots=True)
class Licence:
    """Who holds the rights and what they allow. An instrument without all of it is not loaded."""

    holder: str
    terms: str
    commercial: Permission
    electronic: Permission
    translation: Permission
    modification: Permission


@dataclass(frozen=True, slots=True)
class Validation:
    status: Literal["not_yet_validated", "validated"]
    source: str | None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire of one version. A version that was ever answered never changes; a change is a new version."""

    id: str
    version: int
    audience: Audience
    kind: Kind
    languages: tuple[str, ...]
    title: Translated
    introduction: Translated
    items: tuple[Item, ...]
    scores: tuple[Scale, ...]
    cut_offs: tuple[CutOff, ...]
    norms: tuple[Norms, ...]
    licence: Licence
    validation: Validation

    @property
    def ref(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def total(self) -> Scale:
        """The main score: the first one in the file."""
        return self.scores[0]

    @property
    def is_validated(self) -> bool:
        return self.validation.status == "validated"

    def item(self, code: str) -> Item:
        return next(item for item in self.items if item.code == code)

    def score(self, code: str) -> Scale:
        return next(scale for scale in self.scores if scale.code == code)

    def cut_off(self, code: str) -> CutOff | None:
        return next((cut_off for cut_off in self.cut_offs if cut_off.code == code), None)

    def norms_of(self, score: str) -> Norms | None:
        return next((norms for norms in self.norms if norms.score == score), None)
