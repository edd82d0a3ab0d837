"""Results in words for a terminal of 80 to 100 columns: facts line by line, estimates and rows as aligned tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import Protocol

WIDTH = 88
# A table on the screen is for looking; all rows are what --out is for.
MOST_ROWS = 40
_LONGEST_CELL = 40
_SMALLEST_P = 0.0001
_HUGE = 1e9


class HasInterval(Protocol):
    """An estimate with its standard error, interval and p value."""

    @property
    def estimate(self) -> float: ...
    @property
    def se(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def p(self) -> float: ...


def say(number: float | None, digits: int = 4) -> str:
    """A number with a fixed number of decimals, a dash where there is none; no 0.0000 for what is not zero."""
    if number is None or not math.isfinite(number):
        return "-"
    if number and (abs(number) < 0.5 * 10**-digits or abs(number) >= _HUGE):
        return f"{number:.2e}"
    return f"{number + 0.0:,.{digits}f}"


def say_p(p: float | None) -> str:
    if p is None or not math.isfinite(p):
        return "-"
    return f"< {_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.4f}"


def share(part: float) -> str:
    return f"{part:.1%}"


def between(low: float | None, high: float | None, digits: int = 4) -> str:
    return f"{say(low, digits)} to {say(high, digits)}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """1 client, 2,000 clients."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def printable(text: object) -> str:
    """What came out of a file, without what would disturb a terminal, and not too long."""
    clean = "".join(letter for letter in str(text) if letter.isprintable())
    return clean if len(clean) <= _LONGEST_CELL else f"{clean[: _LONGEST_CELL - 1]}…"


def wrapped(text: str, *, indent: int = 0) -> str:
    """A sentence broken into lines, those after the first set in by `indent`."""
    return fill(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names to the left, what there is to say to the right; empty ones are left out."""
    said = [(name, value) for name, value in pairs if value]
    width = max(len(name) for name, _ in said)
    return "\n".join(wrapped(f"{name:<{width}}  {value}", indent=width + 2) for name, value in said)


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1) -> str:
    """Columns side by side: the first `texts` columns, which are words, to the left, numbers to the right."""
    shown = [list(header), *[list(row) for row in rows[:MOST_ROWS]]]
    lines = [[printable(cell) for cell in row] for row in shown]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    out = []
    for line in lines:
        cells = [
            cell.ljust(width) if place < texts else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        out.append("  ".join(cells).rstrip())
    if len(rows) > MOST_ROWS:
        out.append(f"... and {len(rows) - MOST_ROWS:,} more: --out FILE writes all")
    return "\n".join(out)


def estimates(rows: Sequence[tuple[str, HasInterval | object]], *, first: str = "") -> str:
    """A line for each estimate; below them the reasons of those that could not be had."""
    found = [(name, value) for name, value in rows if hasattr(value, "estimate")]
    lacking = [(name, str(getattr(value, "reason", value))) for name, value in rows if not hasattr(value, "estimate")]
    parts = []
    if found:
        cells = [[name, *map(say, _numbers(value)), say_p(getattr(value, "p", None))] for name, value in found]
        parts.append(aligned([first, "Estimate", "SE", "Low", "High", "p"], cells))
    if lacking:
        parts.append(facts([(f"{name[:1].upper()}{name[1:]}: none", reason) for name, reason in lacking]))
    return "\n\n".join(parts)


def _numbers(value: object) -> list[float | None]:
    return [getattr(value, name, None) for name in ("estimate", "se", "low", "high")]
