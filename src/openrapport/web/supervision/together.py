"""All relationships a supervisor accompanies, together: a few counts, the average course beside the expected one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from openrapport.relationships.models import Audience, Relationship
from openrapport.reports.supervision import AverageCourse, SupervisionFigures
from openrapport.shared.numbers import say_number
from openrapport.signals.models import Kind
from openrapport.web.client_page.charts import name_range
from openrapport.web.components.charts import BandPoint, NotAnswered, Point, TrajectoryChart, TrajectoryLabels


@dataclass(frozen=True)
class SignalsOfAKind:
    """How many people have an open signal of this kind."""

    name: str
    people: str


@dataclass(frozen=True)
class Together:
    """`is_enough`: five people or more, so that there is something to say of them together."""

    told: int
    is_enough: bool
    shared: str
    shared_note: str
    signals: tuple[SignalsOfAKind, ...]
    uncounted: str  # kinds of signals that few people have, or whose number would tell how few have another
    charts: tuple[TrajectoryChart, ...]


def put_together(figures: SupervisionFigures, clients: Sequence[Relationship]) -> Together:
    practices = {one.practice_id: one.practice.name for one in clients}
    held, shared = figures.held, figures.shared
    by_kind = [(kind, figures.open_signals[kind]) for kind in Kind if kind in figures.open_signals]
    return Together(
        told=figures.relationships,
        is_enough=held is not None,
        shared=_("%(share)s %%") % {"share": say_number(100 * (shared or 0) / (held or 1), 0)},
        shared_note=_("%(shared)s of %(held)s sessions") % {"shared": shared, "held": held},
        signals=tuple(
            SignalsOfAKind(str(kind.label), number_format(people)) for kind, people in by_kind if people is not None
        ),
        uncounted=" · ".join(str(kind.label) for kind, people in by_kind if people is None),
        charts=tuple(_chart(one, practices) for one in figures.averages if len(one.means) > 1),
    )


def _chart(average: AverageCourse, practices: Mapping[UUID, str]) -> TrajectoryChart:
    expected = average.expected
    points = expected.points if expected is not None else ()
    return TrajectoryChart(
        points=tuple(
            Point(session, mean if mean is not None else NotAnswered(_("fewer than five people")))
            for session, mean in average.means
        ),
        other=tuple(Point(one.session, one.mean) for one in points),
        band=tuple(BandPoint(one.session, one.low, one.high) for one in points),
        y_min=average.instrument.total.minimum,
        y_max=average.instrument.total.maximum,
        title=_("Average alliance over time: %(whose)s") % {"whose": _whose(average, practices)},
        description=_describe(average),
        labels=TrajectoryLabels(
            client=_("Average of %(count)s relationships") % {"count": average.relationships},
            other=_("Expected on average"),
            band=name_range(expected),
            missed=_("Fewer than five people"),
        ),
        note=_note(average),
    )


def _whose(average: AverageCourse, practices: Mapping[UUID, str]) -> str:
    audience = str(Audience(average.instrument.audience).label)
    return audience if len(practices) == 1 else f"{practices[average.practice]}, {audience}"


def _describe(average: AverageCourse) -> str:
    """For those who do not see the picture."""
    values = [mean for _session, mean in average.means if mean is not None]
    return _("Averages of %(count)s sessions, from %(first)s to %(last)s; lowest %(low)s, highest %(high)s.") % {
        "count": len(values),
        "first": say_number(values[0]),
        "last": say_number(values[-1]),
        "low": say_number(min(values)),
        "high": say_number(max(values)),
    }


def _note(average: AverageCourse) -> str:
    expected = average.expected
    if expected is None or not expected.points:
        return ""
    if expected.relationships is not None:
        source = _(
            "What is expected comes from %(count)s relationships in this practice, for people who began like these."
        ) % {"count": expected.relationships}
    elif expected.provisional:
        source = _("Provisional: what is expected comes from the instrument's assumptions and is not yet measured.")
    else:
        source = _("What is expected comes from the instrument's norms.")
    how = _(
        "The range is drawn to hold 8 of 10 single ratings; an average moves less and belongs near the dashed line. "
        "Who is in the average changes from session to session."
    )
    return f"{source} {how}"
