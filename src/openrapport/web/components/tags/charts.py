"""Charts on a page: a picture for each width, and the same numbers as a table."""

from __future__ import annotations

from hashlib import blake2s
from typing import Any

from django import template
from django.utils.safestring import SafeString

from openrapport.web.components import charts as drawn
from openrapport.web.components.charts import profile as profiles
from openrapport.web.components.charts import trajectory as trajectories
from openrapport.web.components.parts import Text

register = template.Library()


def short_id(chart: object) -> str:
    """An id that is the same each time the same chart is drawn, and another for another chart."""
    return "chart-" + blake2s(repr(chart).encode(), digest_size=4).hexdigest()


@register.inclusion_tag("components/trajectory.html")
def trajectory(chart: drawn.TrajectoryChart, heading: Text = "") -> dict[str, Any]:
    """Ratings over sessions."""
    id_ = short_id(chart)
    return {
        "chart": chart,
        "heading": heading,
        "wide": drawn.draw_trajectory(chart, width=trajectories.WIDE, id_=f"{id_}-w"),
        "middle": drawn.draw_trajectory(chart, width=trajectories.MIDDLE, id_=f"{id_}-m"),
        "narrow": drawn.draw_trajectory(chart, width=trajectories.NARROW, id_=f"{id_}-n"),
        "rows": trajectories.table_rows(chart),
        "has_missing": any(isinstance(one.value, drawn.NotAnswered) for one in chart.points),
        "has_dates": any(one.when for one in chart.points),
    }


@register.inclusion_tag("components/profile.html")
def profile(chart: drawn.ProfileChart, heading: Text = "") -> dict[str, Any]:
    """Components side by side."""
    id_ = short_id(chart)
    return {
        "chart": chart,
        "heading": heading,
        "wide": drawn.draw_profile(chart, id_=f"{id_}-w"),
        "narrow": drawn.draw_profile(chart, narrow=True, id_=f"{id_}-n"),
        "rows": profiles.table_rows(chart),
        "has_usual": any(row.usual_low is not None for row in chart.rows),
    }


@register.simple_tag
def sparkline(chart: drawn.Sparkline) -> SafeString:
    """A tiny line with its words."""
    return drawn.draw_sparkline(chart)
