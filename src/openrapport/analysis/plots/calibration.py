"""Do predicted risks come true? Predicted against observed, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openrapport.analysis.false_alarms import wilson_interval
from openrapport.analysis.least_squares import Estimate, NotEstimable
from openrapport.analysis.plots import style
from openrapport.analysis.plots.style import spoken
from openrapport.analysis.risk_calibration import RiskCalibration

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_calibration(found: RiskCalibration, *, event: str = "the event", title: str | None = None) -> Figure:
    """A dot for each group of similar predictions, with the 95% interval (Wilson) of its observed share.

    On the dashed line a risk of 10% comes true in 10 of 100. Long intervals run out of the picture. `event` names
    what happens, as in "leaving".
    """
    figure, axes = style.blank(5.6, 5.0, title=title)
    predicted = [group.predicted for group in found.curve]
    observed = [group.observed for group in found.curve]
    ends = [wilson_interval(round(group.observed * group.n), group.n) for group in found.curve]
    reach = min(1.0, 1.25 * max(*predicted, *observed, 0.04))
    axes.plot(
        [0, reach], [0, reach], color=style.QUIET, linewidth=style.THIN, linestyle="--", label="Comes true as said"
    )
    axes.vlines(predicted, [low for low, _ in ends], [high for _, high in ends], color=style.MANY, linewidth=style.LINE)
    axes.plot(
        predicted,
        observed,
        color=style.SCORE,
        linewidth=style.THIN,
        marker="o",
        markersize=style.MARKER + 1,
        markeredgecolor=style.PAPER,
        label="Observed, 95% interval",
        zorder=3,
    )
    axes.set(xlim=(0, reach), ylim=(0, reach))
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    style.name_axes(axes, x=f"Predicted risk of {event}", y=f"Observed share of {event}")
    style.key_above(axes)
    return figure


def describe_calibration(found: RiskCalibration) -> str:
    """
    >>> from openrapport.analysis.risk_calibration import risk_calibration
    >>> describe_calibration(risk_calibration([0.1, 0.1, 0.8, 0.8], [0, 1, 0, 1], reference=0.5, groups=2))[:87]
    'Calibration curve of 4 rows with 2 events in 2 groups: predicted 10% and 80%, observed '
    """
    first, last = found.curve[0], found.curve[-1]
    skill = "" if found.skill is None else f", skill {spoken(found.skill)}"
    return (
        f"Calibration curve of {found.n:,} rows with {found.n_events:,} events in {len(found.curve)} groups: predicted "
        f"{first.predicted:.0%} and {last.predicted:.0%}, observed {first.observed:.0%} and {last.observed:.0%} in the "
        f"lowest and highest group; slope {_told(found.slope)}, intercept {_told(found.intercept)}; Brier score "
        f"{found.brier:.3f}{skill}."
    )


def _told(one: Estimate | NotEstimable) -> str:
    if isinstance(one, NotEstimable):
        return "not estimable"
    return f"{spoken(one.estimate)} ({spoken(one.low)} to {spoken(one.high)})"
