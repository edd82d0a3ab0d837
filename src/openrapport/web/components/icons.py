"""The icons we use: Lucide's drawings, kept as files in `icons/` (ISC licence beside them) and put inline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

FOLDER: Final = Path(__file__).parent / "icons"

SIZES: Final = {
    3: "size-3",
    4: "size-4",
    5: "size-5",
    6: "size-6",
    7: "size-7",
    8: "size-8",
    10: "size-10",
    12: "size-12",
}


class UnknownIconError(LookupError):
    """The template names an icon nobody has copied: add it to assets/icons.txt and run `npm run copy`."""


@cache
def read_shapes(name: str) -> SafeString:
    """The shapes inside the <svg> of one icon file."""
    if not name.replace("-", "").isalnum():
        raise UnknownIconError(name)
    try:
        text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnknownIconError(name) from error
    start = text.index(">") + 1
    # Our own committed files, checked by a test to hold shapes only: safe to put in a page as they are.
    return mark_safe(text[start : text.rindex("</svg>")])  # noqa: S308


def draw_icon(name: str, *, size: int = 5, label: str = "", css_class: str = "") -> SafeString:
    """An inline SVG. Hidden from screen readers unless it has a label of its own."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="{} shrink-0{}{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" focusable="false" {}>{}</svg>',
        SIZES[size],
        " " if css_class else "",
        css_class,
        role,
        read_shapes(name),
    )
