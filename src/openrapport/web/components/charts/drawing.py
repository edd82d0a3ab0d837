"""The few shapes charts are made of. Everything written into the SVG is escaped here and only here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

XY = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """Where the plot lies inside its picture, and how numbers become places."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_min: float
    x_max: float
    y_min: float
    y_max: float

    def x(self, value: float) -> float:
        """A session's place. A single session stands in the middle."""
        if self.x_max == self.x_min:
            return (self.left + self.right) / 2
        return self.left + (value - self.x_min) / (self.x_max - self.x_min) * (self.right - self.left)

    def y(self, value: float) -> float:
        """A value's place; what lies outside the scale is drawn at its edge."""
        held = min(max(value, self.y_min), self.y_max)
        return self.bottom - (held - self.y_min) / (self.y_max - self.y_min) * (self.bottom - self.top)


def place(value: float) -> str:
    """A coordinate with one decimal, the same in every language."""
    return f"{value:.1f}".removesuffix(".0")


def say(value: float) -> str:
    """A number for people, in the page's language: 7 or 7.2."""
    rounded = round(value, 1)
    return number_format(int(rounded) if rounded == int(rounded) else rounded)


def element(tag: str, css: str = "", inside: object = "", **attributes: object) -> SafeString:
    """One SVG element; values are escaped, coordinates rounded."""
    pairs = [("class", css)] if css else []
    pairs += [
        (name.strip("_").replace("_", "-"), place(value) if isinstance(value, (int, float)) else str(value))
        for name, value in attributes.items()
    ]
    written = format_html_join("", ' {}="{}"', pairs)
    # `tag` comes from this package's own code, never from a page.
    return format_html("<{0}{1}>{2}</{0}>", mark_safe(tag), written, inside)  # noqa: S308


def join(pieces: Iterable[str]) -> SafeString:
    """Pieces one after the other; a piece that is not markup is escaped."""
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def line(start: XY, end: XY, css: str) -> SafeString:
    return element("line", css, x1=start[0], y1=start[1], x2=end[0], y2=end[1])


def polyline(places: Sequence[XY], css: str) -> SafeString:
    return element("polyline", css, points=" ".join(f"{place(x)},{place(y)}" for x, y in places))


def polygon(places: Sequence[XY], css: str) -> SafeString:
    return element("polygon", css, points=" ".join(f"{place(x)},{place(y)}" for x, y in places))


def circle(at: XY, radius: float, css: str) -> SafeString:
    return element("circle", css, cx=at[0], cy=at[1], r=radius)


def text(at: XY, words: object, css: str = "", anchor: str = "middle") -> SafeString:
    return element("text", css, words, x=at[0], y=at[1], text_anchor=anchor)


def picture(
    pieces: Iterable[str], *, width: float, height: float, title: object, description: object, css: str, id_: str
) -> SafeString:
    """The whole SVG, named by its title and description. Charts run left to right in every language."""
    head = join((element("title", "", title, id=f"{id_}-t"), element("desc", "", description, id=f"{id_}-d")))
    return element(
        "svg",
        css,
        join((head, *pieces)),
        viewBox=f"0 0 {place(width)} {place(height)}",
        role="img",
        direction="ltr",
        aria_labelledby=f"{id_}-t",
        aria_describedby=f"{id_}-d",
        focusable="false",
    )


def text_width(words: object, size: float = 13) -> float:
    """A generous guess of how wide words are; there is no font to measure here."""
    return len(str(words)) * size * 0.58


def nice_steps(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers for an axis: at most about `wanted` steps, always with both ends when they are round."""
    span = high - low
    raw = span / wanted
    size = next(
        (
            step * scale
            for scale in (0.01, 0.1, 1, 10, 100, 1000)
            for step in (1, 2, 2.5, 5)
            if step * scale >= raw - 1e-9
        ),
        span,
    )
    first = -(-low // size) * size
    count = int((high - first) / size + 1e-9)
    return [round(first + index * size, 6) for index in range(count + 1)]


__all__ = [
    "XY",
    "Frame",
    "circle",
    "element",
    "join",
    "line",
    "nice_steps",
    "picture",
    "place",
    "polygon",
    "polyline",
    "say",
    "text",
    "text_width",
]
