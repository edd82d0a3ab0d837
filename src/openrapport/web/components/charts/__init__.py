"""Charts drawn on the server: plain values in, an SVG string out. Colours are in charts.css."""

from openrapport.web.components.charts.model import (
    BandPoint,
    Mark,
    NotAnswered,
    Point,
    ProfileChart,
    ProfileRow,
    Sparkline,
    TrajectoryChart,
    TrajectoryLabels,
)
from openrapport.web.components.charts.profile import draw_profile
from openrapport.web.components.charts.sparkline import draw_sparkline
from openrapport.web.components.charts.trajectory import draw_trajectory

__all__ = [
    "BandPoint",
    "Mark",
    "NotAnswered",
    "Point",
    "ProfileChart",
    "ProfileRow",
    "Sparkline",
    "TrajectoryChart",
    "TrajectoryLabels",
    "draw_profile",
    "draw_sparkline",
    "draw_trajectory",
]
