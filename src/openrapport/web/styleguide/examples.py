"""Invented people and numbers for the style guide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from django.utils.translation import gettext_lazy as _

from openrapport.web.components.charts import (
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
from openrapport.web.components.parts import Crumb, NavItem, Step

A_MOMENT = datetime(2026, 5, 14, 15, 30, tzinfo=UTC)
CLIENT = (5.2, 5.8, 6.1, 6.6, 7.0, 7.1, 4.3, 4.9, 6.8, 7.6, 8.0, 8.2)
THERAPIST = (6.0, 6.2, 6.5, 6.8, 7.2, 7.4, 6.6, 5.8, 6.9, 7.4, 7.8, 8.1)
LOW = (4.6, 4.8, 5.0, 5.2, 5.3, 5.4, 5.6, 5.6, 5.7, 5.8, 5.8, 5.8)
HIGH = (7.2, 7.4, 7.6, 7.8, 8.0, 8.2, 8.3, 8.5, 8.7, 8.9, 9.1, 9.3)


def _points(audience: Literal["staff", "client"], missing: tuple[int, ...]) -> tuple[Point, ...]:
    return tuple(
        Point(
            number,
            NotAnswered(_("cancelled")) if number in missing else value,
            alert=number in (7, 8) and audience == "staff",
            when=(A_MOMENT + timedelta(weeks=number - 13)).strftime("%d %b"),
        )
        for number, value in enumerate(CLIENT, start=1)
    )


def trajectory(audience: Literal["staff", "client"] = "staff", missing: tuple[int, ...] = ()) -> TrajectoryChart:
    """Sam's course: a steady rise, a break at session 7, mended by session 9."""
    staff = audience == "staff"
    return TrajectoryChart(
        points=_points(audience, missing),
        other=tuple(Point(number, value) for number, value in enumerate(THERAPIST, start=1)) if staff else (),
        band=tuple(
            BandPoint(number, low, high) for number, (low, high) in enumerate(zip(LOW, HIGH, strict=True), start=1)
        )
        if staff
        else (),
        marks=(Mark(7, "rupture", _("Rupture") if staff else _("A hard session")), Mark(9, "repair", _("Repair"))),
        title=_("Alliance over time"),
        labels=TrajectoryLabels(client=_("Client") if staff else _("You")),
        audience=audience,
    )


PROFILE = ProfileChart(
    rows=(
        ProfileRow(_("Trust"), 8.0, usual_low=6.5, usual_high=9.0, usual=7.8),
        ProfileRow(_("Empathy"), 4.0, usual_low=6.0, usual_high=8.5, usual=7.4, low=True),
        ProfileRow(_("Genuineness"), 7.0, usual_low=6.2, usual_high=8.2, usual=7.2),
        ProfileRow(_("Respect"), 9.0, usual_low=7.5, usual_high=9.5, usual=8.6),
        ProfileRow(_("Listening"), NotAnswered(), usual_low=6.5, usual_high=8.5, usual=7.5),
        ProfileRow(_("Confidentiality"), 9.5, usual_low=8.0, usual_high=10.0, usual=9.2),
        ProfileRow(_("Shared goals"), 6.5),
    ),
    title=_("The seven parts, session 12"),
)

CASELOAD = (
    (
        "Sam Rivera",
        _("Rupture"),
        "danger",
        Sparkline((7.0, 7.1, 4.3, 4.9), _("Last four: 7, 7.1, 4.3, 4.9"), alert_last=True),
    ),
    (
        "Noor Haddad",
        _("No answer twice"),
        "warning",
        Sparkline((8, 8.2, NotAnswered(), NotAnswered()), _("8, 8.2, then none")),
    ),
    ("Ben Okafor", _("Steady"), "success", Sparkline((6, 6.5, 7.2, 7.9), _("Last four: 6, 6.5, 7.2, 7.9"))),
)

STEPS = (
    Step(_("Name what happened"), "done"),
    Step(_("Both sides tell how it was"), "current", _("Your side is written; Maya's is on its way.")),
    Step(_("Agree what changes")),
)
CRUMBS = (Crumb(_("Clients"), "#clients"), Crumb("Sam Rivera", "#sam"), Crumb(_("Session 7")))
TABS = (
    NavItem("#overview", _("Overview"), current=True),
    NavItem("#answers", _("Answers"), count=11),
    NavItem("#signals", _("Signals"), count=1),
    NavItem("#goals", _("Goals")),
)
CLIENT_NAV = (
    NavItem("/styleguide/client", _("Home"), "house", current=True),
    NavItem("/styleguide/check-in", _("Check-in"), "clipboard-check", count=1),
    NavItem("#answers", _("My answers"), "list-checks"),
)
STAFF_NAV = (
    NavItem("#today", _("Today"), "sun"),
    NavItem("/styleguide/staff", _("Clients"), "users", current=True),
    NavItem("#signals", _("Signals"), "bell", count=3),
    NavItem("#supervision", _("Supervision"), "message-circle"),
    NavItem("#settings", _("Settings"), "settings"),
)
