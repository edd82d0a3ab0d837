"""A response surface from above: what two views of one thing, together and apart, go with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import Estimate
from openrapport.analysis.plots import style
from openrapport.analysis.plots.style import spoken
from openrapport.analysis.response_surface import NAMES, ResponseSurface, StationaryPoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_POINTS = 81
_LEVELS = 9


def heights(found: ResponseSurface, x: Floats, y: Floats) -> Floats:
    """The fitted outcome at x and y, in the units they were given in."""
    b0, b1, b2, b3, b4, b5 = (found.coefficients[name].estimate for name in NAMES)
    u, v = x - found.centre_x, y - found.centre_y
    return np.asarray(b0 + b1 * u + b2 * v + b3 * u * u + b4 * u * v + b5 * v * v)


def draw_surface(
    found: ResponseSurface, *, x: str, y: str, z: str, scale: tuple[float, float], title: str | None = None
) -> Figure:
    """Lines of equal outcome over both views. `x`, `y` and `z` label the axes; `scale` is the ends of x and of y.

    The full line is agreement (x = y around the centres), the dashed one runs across it; the cross is where the
    surface is level, when that lies inside. Raises ValueError when the scale has no width.
    """
    low, high = scale
    if not low < high:
        raise ValueError("The scale is its lower end and its upper end.")
    figure, axes = style.blank(6.4, 5.2, title=title)
    axes.grid(visible=False)
    grid = np.linspace(low, high, _POINTS)
    first, second = np.meshgrid(grid, grid)
    z_grid = heights(found, first, second)
    filled = axes.contourf(first, second, z_grid, levels=_LEVELS, cmap="cividis", alpha=0.85)
    axes.contour(first, second, z_grid, levels=filled.levels, colors=style.PAPER, linewidths=0.7, linestyles="solid")
    shift = found.centre_y - found.centre_x
    axes.plot(grid, grid + shift, color=style.PAPER, linewidth=4.2)
    axes.plot(grid, grid + shift, color=style.INK, linewidth=style.LINE, label="Both alike")
    across = found.centre_x + found.centre_y - grid
    axes.plot(grid, across, color=style.PAPER, linewidth=4.2)
    axes.plot(grid, across, color=style.INK, linewidth=style.LINE, linestyle=(0, (4, 2.5)), label="Opposed")
    point = found.stationary
    if isinstance(point, StationaryPoint) and low <= point.x <= high and low <= point.y <= high:
        axes.plot(
            [point.x],
            [point.y],
            marker="X",
            linestyle="none",
            markersize=11,
            color=style.INK,
            markeredgecolor=style.PAPER,
            markeredgewidth=1.4,
            label=f"Level point ({point.shape})",
        )
    axes.set(xlim=scale, ylim=scale)
    axes.set_aspect("equal")
    bar = figure.colorbar(filled, ax=axes, shrink=0.92, pad=0.03)
    bar.set_label(z, fontsize=style.TEXT, color=style.INK, parse_math=False)
    bar.ax.tick_params(labelsize=style.SMALL, colors=style.INK)
    bar.outline.set_visible(False)
    style.name_axes(axes, x=x, y=y)
    style.key_above(axes)
    return figure


def describe_surface(found: ResponseSurface) -> str:
    """One sentence: slope and curvature where both views agree (a1, a2) and where they part (a3, a4)."""
    agree = f"slope {_told(found.surface['a1'])} and curvature {_told(found.surface['a2'])}"
    apart = f"slope {_told(found.surface['a3'])} and curvature {_told(found.surface['a4'])}"
    point = found.stationary
    level = (
        f"a {point.shape} at {spoken(point.x)} and {spoken(point.y)}"
        if isinstance(point, StationaryPoint)
        else "no single level point"
    )
    return (
        f"Response surface of {found.n:,} rows, R squared {found.r_squared:.2f}: where both views agree {agree}; where "
        f"they part {apart}; {level}."
    )


def _told(one: Estimate) -> str:
    return f"{spoken(one.estimate)} ({spoken(one.low)} to {spoken(one.high)})"
