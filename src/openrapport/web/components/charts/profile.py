"""The profile: components side by side, each with the latest value on this person's own usual range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from openrapport.web.components.charts.drawing import circle, join, line, nice_steps, picture, say, text
from openrapport.web.components.charts.model import NotAnswered, ProfileChart, ProfileRow


@dataclass(frozen=True)
class Place:
    """Where rows and rails lie. On a phone the name stands above its rail, on a desk before it."""

    width: float
    name_x: float
    rail_start: float
    rail_end: float
    row_height: float
    name_above: bool


WIDE_PLACE = Place(width=520, name_x=0, rail_start=145, rail_end=415, row_height=40, name_above=False)
NARROW_PLACE = Place(width=340, name_x=0, rail_start=8, rail_end=332, row_height=60, name_above=True)


def spot(chart: ProfileChart, where: Place, value: float) -> float:
    """A value's place on the rail; beyond the scale it stands at the end."""
    held = min(max(value, chart.y_min), chart.y_max)
    share = (held - chart.y_min) / (chart.y_max - chart.y_min)
    return where.rail_start + share * (where.rail_end - where.rail_start)


def draw_row(chart: ProfileChart, where: Place, row: ProfileRow, top: float) -> Iterator[SafeString]:
    rail_y = top + (40 if where.name_above else 20)
    name_y = top + (20 if where.name_above else 25)
    yield text((where.name_x, name_y), row.name, "row-name", "start")
    yield line((where.rail_start, rail_y), (where.rail_end, rail_y), "rail")
    if row.usual_low is not None and row.usual_high is not None:
        start, end = spot(chart, where, row.usual_low), spot(chart, where, row.usual_high)
        yield line((start, rail_y), (end, rail_y), "usual")
    if row.usual is not None:
        x = spot(chart, where, row.usual)
        yield line((x, rail_y - 9), (x, rail_y + 9), "usual-middle")
    if isinstance(row.value, NotAnswered):
        yield text((where.width, name_y), row.value.reason, "row-none", "end")
        return
    low_css = "dot-alert" if chart.audience == "staff" else "dot-kind"
    yield circle((spot(chart, where, row.value), rail_y), 8, low_css if row.low else "dot")
    yield text((where.width, name_y), say(row.value), "row-value", "end")


def draw_profile(chart: ProfileChart, *, narrow: bool = False, id_: str = "profile") -> SafeString:
    """The picture; `narrow` is the phone's."""
    where = NARROW_PLACE if narrow else WIDE_PLACE
    bottom = len(chart.rows) * where.row_height
    pieces: list[SafeString] = []
    for index, row in enumerate(chart.rows):
        pieces += draw_row(chart, where, row, index * where.row_height)
    for value in nice_steps(chart.y_min, chart.y_max):
        x = spot(chart, where, value)
        pieces.append(line((x, bottom + 4), (x, bottom + 9), "tick-mark"))
        pieces.append(text((x, bottom + 24), say(value)))
    return picture(
        (join(pieces),),
        width=where.width,
        height=bottom + 30,
        title=chart.title,
        description=chart.description or describe(chart),
        css="chart",
        id_=id_,
    )


def describe(chart: ProfileChart) -> str:
    """Every component in one sentence."""
    return gettext("; ").join(f"{row.name}: {write(row.value)}" for row in chart.rows) + "."


def write(value: float | NotAnswered) -> str:
    return str(value.reason) if isinstance(value, NotAnswered) else say(value)


def table_rows(chart: ProfileChart) -> list[dict[str, object]]:
    """The same numbers, for the table."""
    return [
        {
            "name": row.name,
            "value": write(row.value),
            "usual": "–"
            if row.usual_low is None or row.usual_high is None
            else f"{say(row.usual_low)}–{say(row.usual_high)}",
        }
        for row in chart.rows
    ]
