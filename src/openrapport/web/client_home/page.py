"""The client's home: what is asked next, the own line over time in kind words, the newest answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from uuid import UUID

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from openrapport.analysis.instrument import Instrument, Scale
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import CheckIn, RespondentRole
from openrapport.checkins.queries import due_for, own_check_ins
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Audience
from openrapport.reports.expected_range import ExpectedRange, expected_range
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import FIRST_SESSION, growth_fits_visible_to
from openrapport.web.client_home.past import OWN_ROLES, Past, list_past, own_answers
from openrapport.web.components.charts import BandPoint, NotAnswered, Point, TrajectoryChart, TrajectoryLabels

NEWEST = 3
# How far the last value must lie from the earlier ones before we call it different: a tenth of the scale. This is a
# choice of words for the person's own page; no signal and no clinical reading rests on it.
NOTICEABLE = 0.1


@dataclass(frozen=True)
class Due:
    url: str
    therapist: str
    session_at: datetime
    is_guardian: bool


@dataclass(frozen=True)
class Line:
    """One line over time, and what it shows in words. `chart` is None until there are two points."""

    title: str
    sentence: str
    chart: TrajectoryChart | None


@dataclass(frozen=True)
class Home:
    due: tuple[Due, ...]
    lines: tuple[Line, ...]
    newest: tuple[Past, ...]
    has_more: bool


def build_home(viewer: Viewer) -> Home:
    newest = list(own_answers(viewer)[: NEWEST + 1])
    return Home(
        due=tuple(_due(one) for one in due_for(viewer).filter(role__in=OWN_ROLES)),
        lines=tuple(_lines(viewer)),
        newest=tuple(list_past(viewer, newest[:NEWEST])),
        has_more=len(newest) > NEWEST,
    )


def _due(check_in: CheckIn) -> Due:
    return Due(
        url=reverse("check_in", args=[check_in.pk]),
        therapist=check_in.relationship.therapist.short_name,
        session_at=check_in.session.starts_at,
        is_guardian=check_in.role == RespondentRole.GUARDIAN,
    )


def _lines(viewer: Viewer) -> list[Line]:
    asked = own_check_ins(viewer).filter(role__in=OWN_ROLES)
    by_therapy: dict[tuple[object, str], list[CheckIn]] = {}
    for check_in in asked.prefetch_related("scores").order_by("relationship__began_at", "session__number"):
        by_therapy.setdefault((check_in.relationship_id, check_in.role), []).append(check_in)
    fits = {(fit.practice_id, fit.instrument, fit.score): fit for fit in growth_fits_visible_to(viewer)}
    return [
        line
        for check_ins in by_therapy.values()
        for kind in ("alliance", "wellbeing")
        if (line := _line(check_ins, kind, fits)) is not None
    ]


Fits = Mapping[tuple[UUID, str, str], StoredGrowthFit]


def _line(check_ins: Sequence[CheckIn], kind: str, fits: Fits) -> Line | None:
    instrument = _newest_instrument(check_ins, kind)
    if instrument is None:
        return None
    scale = instrument.total
    points = tuple(_point(place, check_in, kind, scale) for place, check_in in enumerate(check_ins, start=1))
    values = [point.value for point in points if not isinstance(point.value, NotAnswered)]
    if not values:
        return None
    therapist = check_ins[0].relationship.therapist.short_name
    title = _("Working with %(name)s") % {"name": therapist} if kind == "alliance" else _("How I have been")
    sentence = say_trend(values, scale)
    if len(values) < 2:
        return Line(title, sentence, None)
    others = _where_most_are(check_ins, instrument, fits)
    return Line(title, sentence, _chart(points, scale, title, sentence, others))


def _newest_instrument(check_ins: Sequence[CheckIn], kind: str) -> Instrument | None:
    instruments = [instrument_of(ref) for check_in in reversed(check_ins) for ref in check_in.instruments]
    return next((one for one in instruments if one.kind == kind), None)


def _where_most_are(check_ins: Sequence[CheckIn], instrument: Instrument, fits: Fits) -> ExpectedRange | None:
    """Measured in this practice, or nothing: what is only assumed is not held up to the person it is about.

    Children are shown their own line alone.
    """
    relationship, score = check_ins[0].relationship, instrument.total.code
    fit = fits.get((relationship.practice_id, instrument.ref, score))
    first = next((one for one in check_ins if one.session.number == FIRST_SESSION), None)
    if fit is None or first is None or relationship.audience == Audience.CHILD:
        return None
    start = next((s.value for s in first.scores.all() if (s.instrument, s.scale) == (instrument.ref, score)), None)
    if start is None:
        return None
    return expected_range(instrument, [one.session.number for one in check_ins], fit=fit, start=start)


def _point(place: int, check_in: CheckIn, kind: str, scale: Scale) -> Point:
    """A guardian's points are counted by themselves: how many sessions a teen had is not theirs to read off."""
    number = place if check_in.role == RespondentRole.GUARDIAN else check_in.session.number
    when = formats.date_format(timezone.localtime(check_in.session.starts_at), "SHORT_DATE_FORMAT")
    return Point(number, _value(check_in, kind, scale), when=when)


def _value(check_in: CheckIn, kind: str, scale: Scale) -> float | NotAnswered:
    if not check_in.is_submitted:
        return NotAnswered(_("no check-in"))
    for score in check_in.scores.all():
        instrument = instrument_of(score.instrument)
        if instrument.kind != kind or score.scale != instrument.total.code:
            continue
        if (instrument.total.minimum, instrument.total.maximum) != (scale.minimum, scale.maximum):
            return NotAnswered(_("asked in another way then"))
        return score.value if score.value is not None else NotAnswered(_("mostly skipped"))
    return NotAnswered(_("not asked"))


def say_trend(values: Sequence[float], scale: Scale) -> str:
    """What the line shows, without a verdict. Higher is always drawn as the better end here."""
    if len(values) == 1:
        return _("This is your first point. With the next check-in it becomes a line.")
    difference = values[-1] - fmean(values[:-1])
    if scale.direction == "lower_is_better":
        difference = -difference
    step = NOTICEABLE * (scale.maximum - scale.minimum)
    if difference >= step:
        return _("Last time felt better to you than the times before.")
    if difference <= -step:
        return _("Last time felt harder to you than the times before. That happens, and you can talk about it.")
    return _("Last time was much like the times before.")


def _chart(
    points: tuple[Point, ...], scale: Scale, title: str, sentence: str, others: ExpectedRange | None
) -> TrajectoryChart:
    note = _(
        "The shaded part comes from %(count)s therapies in this practice. When people began like you, 8 of 10 answers "
        "were inside it. Being outside is not wrong. If it matters to you, you can talk about it."
    )
    return TrajectoryChart(
        points=points,
        band=tuple(BandPoint(one.session, one.low, one.high) for one in others.points) if others else (),
        note=note % {"count": others.relationships} if others and others.points else "",
        y_min=scale.minimum,
        y_max=scale.maximum,
        title=title,
        description=sentence,
        labels=TrajectoryLabels(client=_("You"), band=_("Where most answers here were")),
        audience="client",
    )
