"""From a figure to a file: the same bytes for the same figure, without a date in them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Dots per inch of a PNG: sharp on a screen and good enough for a page of paper.
DPI = 130
# Ids inside an SVG are made from this and not from chance.
_SALT = "openrapport"


def as_png(figure: Figure, *, dpi: int = DPI) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return written.getvalue()


def as_svg(figure: Figure, *, salt: str = _SALT, text_as_text: bool = False) -> str:
    """SVG as text. With `text_as_text` letters stay letters, in the reader's own font; else they are drawn."""
    from matplotlib import rc_context

    written = io.BytesIO()
    with rc_context({"svg.fonttype": "none" if text_as_text else "path", "svg.hashsalt": salt}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue().decode("utf-8")


def save(figure: Figure, path: Path | str) -> None:
    """Write a .png or .svg file. Raises ValueError for any other ending."""
    file = Path(path)
    if file.suffix == ".png":
        file.write_bytes(as_png(figure))
    elif file.suffix == ".svg":
        file.write_text(as_svg(figure), encoding="utf-8")
    else:
        raise ValueError(f"{file.name}: a picture is saved as .png or .svg.")
