"""The sparkline: the last ratings as a tiny line, for a row of the caseload."""

from __future__ import annotations

from django.utils.safestring import SafeString

from openrapport.web.components.charts.drawing import Frame, circle, element, join, line, polyline
from openrapport.web.components.charts.model import NotAnswered, Point, Sparkline
from openrapport.web.components.charts.trajectory import runs

WIDTH, HEIGHT, EDGE = 112.0, 32.0, 5.0


def draw_sparkline(chart: Sparkline) -> SafeString:
    """A named picture; a rating that is missing is a small tick at the foot."""
    frame = Frame(
        width=WIDTH,
        height=HEIGHT,
        left=EDGE,
        right=WIDTH - EDGE,
        top=EDGE,
        bottom=HEIGHT - EDGE,
        x_min=1,
        x_max=max(len(chart.values), 1),
        y_min=chart.y_min,
        y_max=chart.y_max,
    )
    points = tuple(Point(index, value) for index, value in enumerate(chart.values, start=1))
    pieces = [
        polyline(piece, "line") if len(piece) > 1 else circle(piece[0], 1.5, "dot") for piece in runs(points, frame)
    ]
    for point in points:
        if isinstance(point.value, NotAnswered):
            x = frame.x(point.session)
            pieces.append(line((x, HEIGHT - 6), (x, HEIGHT - 1), "tick-mark"))
    answered = [point for point in points if not isinstance(point.value, NotAnswered)]
    if answered and not isinstance(answered[-1].value, NotAnswered):
        end = (frame.x(answered[-1].session), frame.y(answered[-1].value))
        pieces.append(circle(end, 3.5, "dot-alert" if chart.alert_last else "dot-kind"))
    return element(
        "svg",
        "chart spark",
        join(pieces),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        direction="ltr",
        aria_label=chart.label,
        focusable="false",
    )
