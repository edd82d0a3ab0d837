"""One calm look: few colours that stay apart for colour-blind eyes and in grey print, never colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Each colour has one job. Light and dark tints differ in lightness too, so a grey print still tells them apart.
PAPER = "#ffffff"
INK = "#22302f"
QUIET = "#566260"
GRID = "#e3ddd1"
MANY = "#a9b5b2"
SCORE = "#17696a"
BAND = "#d2e5e2"
INNER_BAND = "#a5cdc8"
ALERT = "#a8431b"
ALERT_TINT = "#f6e3d9"
OTHER = "#6b4a8e"
COLOURS = (PAPER, INK, QUIET, GRID, MANY, SCORE, BAND, INNER_BAND, ALERT, ALERT_TINT, OTHER)

LINE = 2.2
THIN = 1.4
MARKER = 6.5
TEXT = 10.5
SMALL = 9.5
# More signs than this are set in rows of three.
_IN_A_ROW = 4


def blank(width: float = 7.2, height: float = 4.2, *, title: str | None = None) -> tuple[Figure, Axes]:
    """An empty figure (inches) with one pair of axes, on its own canvas: nothing global is touched.

    Raises ModuleNotFoundError without matplotlib, saying how to install it.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"Pictures need {missing.name}. Run: pip install 'openrapport[plots]'", name=missing.name
        ) from None
    figure = Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    quieten(axes)
    if title is not None:
        figure.suptitle(title, x=0.01, ha="left", fontsize=TEXT + 1.5, color=INK, fontweight="bold", parse_math=False)
    return figure, axes


def quieten(axes: Axes) -> None:
    """No box: a line at the bottom and at the left, faint lines across."""
    axes.set_facecolor(PAPER)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=GRID, linewidth=1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)
    axes.tick_params(colors=INK, labelsize=SMALL, length=3.5, color=QUIET)


def name_axes(axes: Axes, *, x: str, y: str) -> None:
    """Words as they are: a dollar sign in a column's name begins no formula."""
    axes.set_xlabel(x, fontsize=TEXT, color=INK, labelpad=6, parse_math=False)
    axes.set_ylabel(y, fontsize=TEXT, color=INK, labelpad=6, parse_math=False)


def key_above(axes: Axes) -> None:
    """What the signs mean, above the picture, where it hides nothing. No key where nothing has a label."""
    signs = len(axes.get_legend_handles_labels()[0])
    if signs:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            ncols=signs if signs <= _IN_A_ROW else 3,
            frameon=False,
            fontsize=SMALL,
            labelcolor=INK,
            borderaxespad=0.2,
            columnspacing=1.6,
            handlelength=1.9,
        )


def whole_numbers_below(axes: Axes) -> None:
    """Sessions are counted: no ticks between them."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))


def hold_within(axes: Axes, scale: tuple[float, float] | None) -> None:
    """The score axis ends where the scale does, or earlier where nothing is drawn."""
    if scale is not None:
        low, high = axes.get_ylim()
        margin = 0.02 * (min(high, scale[1]) - max(low, scale[0]))
        axes.set_ylim(max(low, scale[0] - margin), min(high, scale[1] + margin))


def written(value: float) -> str:
    """As `spoken`, with the sign that typesetters use for minus."""
    return spoken(value).replace("-", "\u2212")


def spoken(value: float) -> str:
    """A number as a person would say it: at most two decimals, none where there are none.

    >>> spoken(4.0), spoken(3.14159), spoken(-0.001)
    ('4', '3.14', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def counted(number: int, one: str, many: str) -> str:
    """
    >>> counted(1, "client", "clients"), counted(1200, "client", "clients")
    ('1 client', '1,200 clients')
    """
    return f"{number:,} {one if number == 1 else many}"
