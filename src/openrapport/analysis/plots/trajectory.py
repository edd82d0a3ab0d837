"""One person's scores over time, with the band that was expected and the ruptures a rule found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openrapport.analysis.expected_response import ExpectedPoint
from openrapport.analysis.plots import style
from openrapport.analysis.plots.style import counted, spoken
from openrapport.analysis.rupture import Episode, RuptureResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# How far, in sessions, the shade of a rupture reaches beyond its first and last score.
_MARGIN = 0.35


def draw_trajectory(
    result: RuptureResult,
    *,
    score: str,
    session: str = "Session",
    band: Sequence[ExpectedPoint] = (),
    scale: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """`score` and `session` label the axes: name the unit, as in "Alliance (0 to 10)" or "Day".

    `band` is the expected course of such a person; `scale` the ends of the scale, beyond which nothing is drawn.
    The shaded parts are ruptures, their scores diamonds; the stepped line is the rule's line, where it could judge.
    """
    figure, axes = style.blank(title=title)
    at = np.array([one.session for one in result.judgements], dtype=float)
    scores = np.array([np.nan if one.score is None else one.score for one in result.judgements])
    limits = np.array([np.nan if one.limit is None else one.limit for one in result.judgements])
    broken = np.array([one.in_rupture for one in result.judgements], dtype=bool)
    if band:
        _draw_band(axes, band)
    for number, episode in enumerate(result.episodes):
        begin, end = _reach(episode, result)
        label = "Rupture" if not number else None
        shade: dict[str, Any] = {"color": style.ALERT_TINT, "alpha": 0.75, "linewidth": 0, "zorder": 0.6}
        axes.axvspan(begin - _MARGIN, end + _MARGIN, **shade, label=label)
    if np.isfinite(limits).any():
        axes.step(
            at, limits, where="mid", color=style.ALERT, linewidth=style.THIN, linestyle=(0, (2, 2)), label="Rule's line"
        )
    axes.plot(
        at,
        scores,
        color=style.SCORE,
        linewidth=style.LINE,
        marker="o",
        markersize=style.MARKER,
        markeredgecolor=style.PAPER,
        label="Score",
        zorder=3,
    )
    if broken.any():
        axes.plot(
            at[broken],
            scores[broken],
            color=style.ALERT,
            linestyle="none",
            marker="D",
            markersize=style.MARKER + 0.5,
            markeredgecolor=style.PAPER,
            label="Score in a rupture",
            zorder=4,
        )
    style.hold_within(axes, scale)
    style.whole_numbers_below(axes)
    style.name_axes(axes, x=session, y=score)
    style.key_above(axes)
    return figure


def _draw_band(axes: Axes, band: Sequence[ExpectedPoint]) -> None:
    at = [point.session for point in band]
    axes.fill_between(
        at,
        [point.low for point in band],
        [point.high for point in band],
        color=style.BAND,
        linewidth=0,
        zorder=0.5,
        label="Expected band",
    )
    axes.plot(
        at,
        [point.expected for point in band],
        color=style.QUIET,
        linewidth=style.THIN,
        linestyle="--",
        label="Expected",
    )


def _reach(episode: Episode, result: RuptureResult) -> tuple[float, float]:
    """From the first score of a rupture to its last."""
    inside = [
        one.session
        for one in result.judgements
        if one.score is not None
        and one.session >= episode.onset
        and (episode.recovered_at is None or one.session < episode.recovered_at)
    ]
    return float(inside[0]), float(inside[-1])


def describe_trajectory(result: RuptureResult, *, score: str = "score", session: str = "session") -> str:
    """
    >>> from openrapport.analysis.rules import PointDrop
    >>> from openrapport.analysis.rupture import rupture
    >>> told = describe_trajectory(rupture([8, 8, 5, 8], PointDrop(None, 2.0), direction="higher_is_better"))
    >>> told.split(". ")[1]
    '1 rupture by the rule point-drop: session 3, 3 deep, repaired.'
    """
    given = [one for one in result.judgements if one.score is not None]
    if not given:
        return f"No {score} was given."
    values = [one.score for one in given if one.score is not None]
    said = (
        f"Line of {counted(len(given), score, score + 's')} from {session} {given[0].session} to {given[-1].session}, "
        f"between {spoken(min(values))} and {spoken(max(values))}. "
    )
    if not result.episodes:
        return f"{said}No rupture by the rule {result.rule}."
    parts = []
    for episode in result.episodes:
        begin, end = _reach(episode, result)
        when = spoken(begin) if begin == end else f"{spoken(begin)} to {spoken(end)}"
        state = "repaired" if episode.repaired else "not repaired"
        parts.append(f"{session} {when}, {spoken(episode.depth)} deep, {state}")
    number = counted(len(parts), "rupture", "ruptures")
    return f"{said}{number} by the rule {result.rule}: {'; '.join(parts)}."
