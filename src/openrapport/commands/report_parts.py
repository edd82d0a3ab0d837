"""What the parts of the report share: labels, the ends of the scale, a picture with its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openrapport.analysis.plots.inline_svg import as_inline_svg
from openrapport.commands.report_findings import Findings
from openrapport.commands.report_html import picture
from openrapport.commands.report_table import ReportTable
from openrapport.commands.showing import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = 2


def drawn(figure: Figure, *, name: str, title: str, described: str, caption: str) -> str:
    """`name` is unique on the page; `described` is what the picture says, for those who do not see it."""
    svg = as_inline_svg(figure, name=name, title=title, description=described)
    return picture(svg, title=title, caption=caption)


def score_label(given: ReportTable) -> str:
    return printable(given.rows.columns.score)


def scale_of(found: Findings) -> tuple[float, float] | None:
    people = found.ruptures.population
    return None if people.minimum is None or people.maximum is None else (people.minimum, people.maximum)
