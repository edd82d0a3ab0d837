"""The trajectory: ratings over sessions. A missed session is a hollow tick and a gap, never a zero."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from openrapport.web.components.charts.drawing import (
    XY,
    Frame,
    circle,
    element,
    join,
    line,
    nice_steps,
    picture,
    polygon,
    polyline,
    say,
    text,
    text_width,
)
from openrapport.web.components.charts.model import BandPoint, Mark, NotAnswered, Point, TrajectoryChart

WIDE = 880.0
MIDDLE = 600.0
NARROW = 340.0
PLOT_HEIGHT = {WIDE: 285.0, MIDDLE: 250.0, NARROW: 225.0}
FLAG_ROW = 24.0
FLAG_HEIGHT = 21.0


def place_flags(marks: tuple[Mark, ...], frame_x: Frame) -> list[tuple[Mark, float, float, int]]:
    """Each flag's middle, width and row. Flags that would touch go to another row."""
    rows: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda one: one.session):
        width = text_width(mark.label) + 18
        middle = min(max(frame_x.x(mark.session), width / 2), frame_x.width - width / 2)
        start = middle - width / 2
        row = next((index for index, end in enumerate(rows) if end + 4 <= start), len(rows))
        if row == len(rows):
            rows.append(0)
        rows[row] = middle + width / 2
        placed.append((mark, middle, width, row))
    return placed


def make_frame(chart: TrajectoryChart, width: float, top: float) -> Frame:
    sessions = chart.sessions or (1,)
    bottom = top + PLOT_HEIGHT[width]
    return Frame(
        width=width,
        height=bottom + 40,
        left=34,
        right=width - 12,
        top=top,
        bottom=bottom,
        x_min=sessions[0],
        x_max=sessions[-1],
        y_min=chart.y_min,
        y_max=chart.y_max,
    )


def draw_axes(chart: TrajectoryChart, frame: Frame) -> Iterator[SafeString]:
    for value in nice_steps(chart.y_min, chart.y_max):
        y = frame.y(value)
        yield line((frame.left, y), (frame.right, y), "grid-line")
        yield text((frame.left - 10, y + 4.5), say(value), anchor="end")
    every = label_every(len(chart.sessions), frame)
    for index, session in enumerate(chart.sessions):
        if index % every == 0:
            yield text((frame.x(session), frame.bottom + 32), session)


def label_every(sessions: int, frame: Frame) -> int:
    """Write every n-th session number, so that they never touch."""
    room = (frame.right - frame.left) / max(sessions - 1, 1)
    return max(1, -int(-22 // room))


def draw_band(band: tuple[BandPoint, ...], frame: Frame) -> Iterator[SafeString]:
    ordered = sorted(band, key=lambda one: one.session)
    upper = [(frame.x(one.session), frame.y(one.high)) for one in ordered]
    lower = [(frame.x(one.session), frame.y(one.low)) for one in ordered]
    if len(ordered) > 1:
        yield polygon([*upper, *reversed(lower)], "band")
        yield polyline(upper, "band-edge")
        yield polyline(lower, "band-edge")


def runs(points: tuple[Point, ...], frame: Frame) -> list[list[XY]]:
    """The line's unbroken pieces: it breaks at every session without a number, named or left out."""
    pieces: list[list[XY]] = [[]]
    previous: int | None = None
    for point in sorted(points, key=lambda one: one.session):
        missing = isinstance(point.value, NotAnswered)
        skipped = previous is not None and point.session > previous + 1
        if pieces[-1] and (missing or skipped):
            pieces.append([])
        if not isinstance(point.value, NotAnswered):
            pieces[-1].append((frame.x(point.session), frame.y(point.value)))
        previous = point.session
    return [piece for piece in pieces if piece]


def draw_line(points: tuple[Point, ...], frame: Frame, css: str) -> Iterator[SafeString]:
    """The line in pieces; over a gap only dots lead on."""
    pieces = runs(points, frame)
    for before, after in pairwise(pieces):
        yield line(before[-1], after[0], f"{css} line-bridge")
    for piece in pieces:
        if len(piece) > 1:
            yield polyline(piece, css)


def draw_points(chart: TrajectoryChart, frame: Frame) -> Iterator[SafeString]:
    alert_css = "dot-alert" if chart.audience == "staff" else "dot-kind"
    for point in chart.points:
        x = frame.x(point.session)
        if isinstance(point.value, NotAnswered):
            tip = gettext("Session %(number)s: %(reason)s") % {"number": point.session, "reason": point.value.reason}
            # Under the axis, so that nobody reads a missed session as a zero.
            hollow = join((element("title", "", tip), circle((x, frame.bottom + 10), 4.5, "missed")))
            yield element("g", "", hollow)
            continue
        tip = gettext("Session %(number)s: %(value)s") % {"number": point.session, "value": say(point.value)}
        dot = circle((x, frame.y(point.value)), 6 if point.alert else 5.5, alert_css if point.alert else "dot")
        yield element("g", "", join((element("title", "", tip), dot)))


def draw_lonely_other(chart: TrajectoryChart, frame: Frame) -> Iterator[SafeString]:
    """A therapist's rating between two missing ones has no line; a dot keeps it visible."""
    for piece in runs(chart.other, frame):
        if len(piece) == 1:
            yield circle(piece[0], 3.5, "dot-other")


def draw_flags(chart: TrajectoryChart, frame: Frame) -> Iterator[SafeString]:
    for mark, middle, width, row in place_flags(chart.marks, frame):
        kind = mark.kind if chart.audience == "staff" or mark.kind != "rupture" else "kind"
        top = row * FLAG_ROW + 2
        pole = line((frame.x(mark.session), top + FLAG_HEIGHT), (frame.x(mark.session), frame.bottom), "flag-line")
        box = element("rect", "flag-box", x=middle - width / 2, y=top, width=width, height=FLAG_HEIGHT, rx=10.5)
        words = text((middle, top + 15), mark.label, "flag-text")
        yield element("g", f"flag-{kind}", join((pole, box, words)))


def draw_trajectory(chart: TrajectoryChart, *, width: float = WIDE, id_: str = "trajectory") -> SafeString:
    """The picture, as wide as asked: WIDE for a desk, MIDDLE for a column, NARROW for a phone."""
    rows = 1 + max((row for *_rest, row in place_flags(chart.marks, make_frame(chart, width, 0))), default=-1)
    frame = make_frame(chart, width, 12 + rows * FLAG_ROW)
    pieces = [
        *draw_axes(chart, frame),
        *draw_band(chart.band, frame),
        *draw_flags(chart, frame),
        *draw_line(chart.other, frame, "line line-other"),
        *draw_lonely_other(chart, frame),
        *draw_line(chart.points, frame, "line"),
        *draw_points(chart, frame),
    ]
    return picture(
        pieces,
        width=frame.width,
        height=frame.height,
        title=chart.title,
        description=chart.description or describe(chart),
        css="chart",
        id_=id_,
    )


def describe(chart: TrajectoryChart) -> str:
    """One sentence for those who do not see the picture; the numbers are in the table beside it."""
    values = [one.value for one in chart.points if not isinstance(one.value, NotAnswered)]
    if not values:
        return gettext("No ratings yet.")
    words = {
        "name": chart.labels.client,
        "count": len(values),
        "first": say(values[0]),
        "last": say(values[-1]),
        "low": say(min(values)),
        "high": say(max(values)),
    }
    return gettext("%(name)s: %(count)s ratings, from %(first)s to %(last)s; lowest %(low)s, highest %(high)s.") % words


def table_rows(chart: TrajectoryChart) -> list[dict[str, object]]:
    """The same numbers, for the table: one row a session."""
    mine = {one.session: one for one in chart.points}
    theirs = {one.session: one for one in chart.other}
    band = {one.session: one for one in chart.band}
    marks: dict[int, list[str]] = {}
    for mark in chart.marks:
        marks.setdefault(mark.session, []).append(str(mark.label))
    return [
        {
            "session": session,
            "when": mine[session].when if session in mine else "",
            "client": write(mine.get(session)),
            "other": write(theirs.get(session)),
            "band": format_html("{}–{}", say(band[session].low), say(band[session].high)) if session in band else "–",
            "marks": ", ".join(marks.get(session, [])),
        }
        for session in chart.sessions
    ]


def write(point: Point | None) -> str:
    if point is None:
        return "–"
    return str(point.value.reason) if isinstance(point.value, NotAnswered) else say(point.value)
