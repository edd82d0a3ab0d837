"""What a chart shows. Frozen; a missing value is `NotAnswered`, never zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext_lazy as _

from openrapport.web.components.parts import Text

NOT_ANSWERED = _("not answered")
CLIENT = _("Client")
THERAPIST = _("Therapist")
EXPECTED_RANGE = _("Expected range")
SESSION = _("Session")
DATE = _("Date")
NO_CHECK_IN = _("No check-in")
RATINGS = _("Ratings over time")
PARTS = _("Parts of the relationship")
LATEST = _("Latest")
USUAL_RANGE = _("Usual range")


@dataclass(frozen=True)
class NotAnswered:
    """There is no number here, and why."""

    reason: Text = NOT_ANSWERED


@dataclass(frozen=True)
class Point:
    """One session. `alert`: outside the expected range. `when`: the date in words, for the table."""

    session: int
    value: float | NotAnswered
    alert: bool = False
    when: Text = ""


@dataclass(frozen=True)
class BandPoint:
    """The expected range at one session."""

    session: int
    low: float
    high: float


@dataclass(frozen=True)
class Mark:
    """A flag over one session."""

    session: int
    kind: Literal["rupture", "repair", "change"]
    label: Text


@dataclass(frozen=True)
class TrajectoryLabels:
    """The words around a trajectory."""

    client: Text = CLIENT
    other: Text = THERAPIST
    band: Text = EXPECTED_RANGE
    session: Text = SESSION
    when: Text = DATE
    missed: Text = NO_CHECK_IN


@dataclass(frozen=True)
class TrajectoryChart:
    """Ratings over sessions: the client's line, perhaps the therapist's, the expected range, what happened."""

    points: tuple[Point, ...]
    other: tuple[Point, ...] = ()
    band: tuple[BandPoint, ...] = ()
    marks: tuple[Mark, ...] = ()
    y_min: float = 0
    y_max: float = 10
    title: Text = RATINGS
    description: Text = ""
    labels: TrajectoryLabels = field(default_factory=TrajectoryLabels)
    audience: Literal["staff", "client"] = "staff"
    note: Text = ""  # under the picture, such as what the range rests on

    def __post_init__(self) -> None:
        if not self.y_min < self.y_max:
            raise ValueError(f"y_min {self.y_min} must be below y_max {self.y_max}")

    @property
    def sessions(self) -> tuple[int, ...]:
        """Every session that is named anywhere, in order."""
        named = [one.session for group in (self.points, self.other, self.band, self.marks) for one in group]
        return tuple(sorted(set(named)))


@dataclass(frozen=True)
class ProfileRow:
    """One component: its latest value beside this person's own usual range."""

    name: Text
    value: float | NotAnswered
    usual_low: float | None = None
    usual_high: float | None = None
    usual: float | None = None
    low: bool = False


@dataclass(frozen=True)
class ProfileChart:
    """Several components side by side, on one scale."""

    rows: tuple[ProfileRow, ...]
    y_min: float = 0
    y_max: float = 10
    title: Text = PARTS
    description: Text = ""
    latest: Text = LATEST
    usual: Text = USUAL_RANGE
    audience: Literal["staff", "client"] = "staff"

    def __post_init__(self) -> None:
        if not self.y_min < self.y_max:
            raise ValueError(f"y_min {self.y_min} must be below y_max {self.y_max}")


@dataclass(frozen=True)
class Sparkline:
    """A tiny line for a row of a list; the label says in words what it shows."""

    values: tuple[float | NotAnswered, ...]
    label: Text
    y_min: float = 0
    y_max: float = 10
    alert_last: bool = False
