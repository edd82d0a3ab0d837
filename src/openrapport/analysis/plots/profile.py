"""The parts of one check-in side by side, each beside what is usual for this person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openrapport.analysis.instrument import Instrument, Item
from openrapport.analysis.plots import style
from openrapport.analysis.plots.style import spoken
from openrapport.analysis.scoring import Answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class ProfilePart:
    """One item. `value` is None where it was not answered; `usual` the mean of `n_earlier` earlier answers, or None."""

    code: str
    label: str
    value: float | None
    usual: float | None
    n_earlier: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The rated items of one check-in in the instrument's order, all on the same scale, turned so that high is good."""

    instrument: str
    parts: tuple[ProfilePart, ...]
    minimum: float
    maximum: float


def component_profile(
    answers: Answers, instrument: Instrument, *, earlier: Sequence[Answers] = (), language: str = "en"
) -> Profile:
    """Every item of the main score, reversed items turned round; `earlier` are check-ins of the same person before.

    Raises ValueError when the items do not share one scale.

    >>> from openrapport.analysis.catalogue import get_instrument
    >>> found = component_profile({"trust": 9}, get_instrument("alliance-adult"), earlier=[{"trust": 7}, {"trust": 8}])
    >>> found.parts[0]
    ProfilePart(code='trust', label='Trust', value=9.0, usual=7.5, n_earlier=2)
    """
    items = [instrument.item(code) for code in instrument.total.items]
    ends = {(item.minimum, item.maximum) for item in items}
    if len(ends) != 1:
        raise ValueError(f"{instrument.ref}: the items do not share one scale, so one picture cannot hold them.")
    low, high = ends.pop()
    if low is None or high is None:
        raise ValueError(f"{instrument.ref}: the items are not rated.")
    parts = tuple(_part(item, answers, earlier, language) for item in items)
    return Profile(instrument.ref, parts, float(low), float(high))


def _part(item: Item, answers: Answers, earlier: Sequence[Answers], language: str) -> ProfilePart:
    before = [points for each in earlier if (points := _points(item, each)) is not None]
    return ProfilePart(
        code=item.code,
        label=item.label.get(language, item.code),
        value=_points(item, answers),
        usual=sum(before) / len(before) if before else None,
        n_earlier=len(before),
    )


def _points(item: Item, answers: Mapping[str, int | float | None]) -> float | None:
    answer = answers.get(item.code)
    return None if answer is None else item.points(answer)


def draw_profile(profile: Profile, *, unit: str = "points", title: str | None = None) -> Figure:
    """A row for each part: a filled dot for this check-in, an open one for what is usual, a line between them."""
    figure, axes = style.blank(height=1.5 + 0.42 * len(profile.parts), title=title)
    rows = list(range(len(profile.parts)))
    for row, part in zip(rows, profile.parts, strict=True):
        if part.value is None:
            small: dict[str, Any] = {"va": "center", "fontsize": style.SMALL, "color": style.QUIET}
            words = axes.text(profile.minimum, row, "not answered", **small)
            words.set_bbox({"facecolor": style.PAPER, "edgecolor": "none", "pad": 2})
        elif part.usual is not None:
            axes.plot([part.usual, part.value], [row, row], color=style.MANY, linewidth=style.LINE + 0.8, zorder=2)
    usual = [(part.usual, row) for row, part in zip(rows, profile.parts, strict=True) if part.usual is not None]
    now = [(part.value, row) for row, part in zip(rows, profile.parts, strict=True) if part.value is not None]
    dot: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 9}
    if usual:
        ring: dict[str, Any] = {"markersize": 11, "markerfacecolor": style.PAPER, "markeredgewidth": 2}
        edge = {"markeredgecolor": style.QUIET}
        axes.plot(*zip(*usual, strict=True), **{**dot, **ring, **edge}, label="Usual", zorder=3)
    if now:
        axes.plot(*zip(*now, strict=True), **dot, color=style.SCORE, label="This time", zorder=4)
    axes.set_yticks(rows, [part.label for part in profile.parts], fontsize=style.TEXT, parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    margin = 0.02 * (profile.maximum - profile.minimum)
    axes.set_xlim(profile.minimum - margin, profile.maximum + margin)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    ends = f"{spoken(profile.minimum)} to {spoken(profile.maximum)} {unit}"
    style.name_axes(axes, x=f"Answer ({ends}, higher is better)", y="")
    style.key_above(axes)
    return figure


def describe_profile(profile: Profile) -> str:
    """
    >>> parts = (ProfilePart("a", "Trust", 9.0, 7.5, 2), ProfilePart("b", "Respect", None, None, 0))
    >>> describe_profile(Profile("x@1", parts, 0, 10))
    'Profile of 2 parts from 0 to 10: Trust 9 (usually 7.5), Respect not answered.'
    """
    told = [
        f"{part.label} {'not answered' if part.value is None else spoken(part.value)}"
        + ("" if part.usual is None else f" (usually {spoken(part.usual)})")
        for part in profile.parts
    ]
    return (
        f"Profile of {style.counted(len(told), 'part', 'parts')} from {spoken(profile.minimum)} to "
        f"{spoken(profile.maximum)}: {', '.join(told)}."
    )
