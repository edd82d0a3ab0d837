"""From a figure to a file: the same bytes for the same figure, without a date in them."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Dots per inch of a PNG: sharp on a screen and good enough for a page of paper.
DPI = 130
# Enough for our colours and the steps between them at the edges of lines.
_COLOURS = 256
# Ids inside an SVG are made from this and not from chance.
_SALT = "openrapport"
_MADE_ID = re.compile(r'id="([a-zA-Z][0-9a-f]{10})"')


def as_png(figure: Figure, *, dpi: int = DPI) -> bytes:
    """PNG of a palette: few colours need few bytes."""
    from PIL import Image  # comes with matplotlib

    drawn, written = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi)
    few = Image.open(drawn).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(written, format="png", optimize=True)
    return written.getvalue()


def as_svg(figure: Figure, *, text_as_text: bool = False) -> str:
    """SVG as text. With `text_as_text` letters stay letters, in the reader's own font; else they are drawn."""
    from matplotlib import rc_context

    written = io.BytesIO()
    with rc_context({"svg.fonttype": "none" if text_as_text else "path", "svg.hashsalt": _SALT}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return _numbered(written.getvalue().decode("utf-8"))


def _numbered(svg: str) -> str:
    """Ids that matplotlib makes from places in memory become p1, p2, ... in the order they come."""
    for number, found in enumerate(dict.fromkeys(_MADE_ID.findall(svg)), start=1):
        svg = svg.replace(found, f"p{number}")
    return svg


def save(figure: Figure, path: Path | str) -> None:
    """Write a .png or .svg file. Raises ValueError for any other ending."""
    file = Path(path)
    if file.suffix == ".png":
        file.write_bytes(as_png(figure))
    elif file.suffix == ".svg":
        file.write_text(as_svg(figure), encoding="utf-8")
    else:
        raise ValueError(f"{file.name}: a picture is saved as .png or .svg.")
