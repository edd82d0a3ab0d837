"""A picture as part of a web page: SVG whose colours follow the page's light and dark, with a title and a description.

The page has to define the CSS variables of `VARIABLES`, for example by `LIGHT` and `DARK`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from openrapport.analysis.plots import style
from openrapport.analysis.plots.saving import as_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VARIABLES: Mapping[str, str] = {
    style.PAPER: "--paper",
    style.INK: "--ink",
    style.QUIET: "--quiet",
    style.GRID: "--grid",
    style.MANY: "--many",
    style.SCORE: "--score",
    style.BAND: "--band",
    style.INNER_BAND: "--inner-band",
    style.ALERT: "--alert",
    style.ALERT_TINT: "--alert-tint",
    style.OTHER: "--other",
}
LIGHT: Mapping[str, str] = {name: colour for colour, name in VARIABLES.items()}
DARK: Mapping[str, str] = {
    "--paper": "#1b2524",
    "--ink": "#e6ece9",
    "--quiet": "#a9b7b3",
    "--grid": "#31403e",
    "--many": "#5d6e6a",
    "--score": "#5cc4bd",
    "--band": "#24413f",
    "--inner-band": "#2f5c58",
    "--alert": "#f0a27c",
    "--alert-tint": "#43302a",
    "--other": "#cfa4e0",
}
_FONT = re.compile(r"font: ([\d. ]*)([\d.]+)px [^;\"]*")


def as_inline_svg(figure: Figure, *, name: str, title: str, description: str) -> str:
    """`name` is unique on the page and made of letters, digits and "-". Title and description are escaped here."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise ValueError(f"{name!r}: the name of a picture is made of small letters, digits and hyphens.")
    with warnings.catch_warnings():
        # Letters are drawn by the reader's own font: that matplotlib's has none for them does not matter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        drawn = as_svg(figure, text_as_text=True)
    box = re.search(r'viewBox="([\d. ]+)"', drawn)
    if box is None:
        raise ValueError("matplotlib drew an SVG without a view box.")
    inside = drawn[drawn.index(">", drawn.index("<svg")) + 1 : drawn.rindex("</svg>")]
    inside = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", inside, flags=re.DOTALL)
    return (
        f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{name}-title {name}-description" direction="ltr">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-description">{escape(description)}</desc>'
        f"{_themed(_own_ids(inside, name)).strip()}</svg>"
    )


def _own_ids(svg: str, name: str) -> str:
    """Ids that no other picture of the page has."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    return re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', svg)


def _themed(svg: str) -> str:
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return _FONT.sub(r"font: \1\2px system-ui, sans-serif", svg)
