"""A course as charts: what the read model knows, in the shapes the components draw."""

from collections.abc import Iterable, Mapping

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openrapport.analysis.instrument import Instrument
from openrapport.reports.course import RelationshipCourse, SessionRow
from openrapport.reports.expected_range import ExpectedRange
from openrapport.reports.series import GuardianSeries, Ratings
from openrapport.sessions.models import Status
from openrapport.web.components.charts import (
    BandPoint,
    Mark,
    NotAnswered,
    Point,
    ProfileChart,
    ProfileRow,
    TrajectoryChart,
    TrajectoryLabels,
)

EXCERPT = 8  # sessions in the short picture beside a signal


def alliance_chart(course: RelationshipCourse, *, you: bool, newest: int | None = None) -> TrajectoryChart:
    """Client, therapist and expected range. `you`: the therapist is the reader; `newest`: only that many sessions."""
    rows = _shown(course, newest)
    numbers = {row.number for row in rows}
    in_rupture = _in_rupture(course)
    theirs = course.therapist_ratings if course.views_share_a_scale else ()
    band = _band(course.band, numbers)
    return TrajectoryChart(
        points=_points(rows, dict(course.ratings), course.alliance, alert=in_rupture),
        other=tuple(Point(number, value) for number, value in theirs if number in numbers),
        band=band,
        marks=tuple(mark for mark in _marks(course) if mark.session in numbers),
        y_min=course.alliance.total.minimum,
        y_max=course.alliance.total.maximum,
        title=_("Alliance over time"),
        labels=TrajectoryLabels(
            client=client_name(course),
            other=_("You") if you else course.relationship.therapist.short_name,
            band=name_range(course.band),
            missed=_("Nothing shared, or no session"),
        ),
        note=say_range(course.band) if band else "",
    )


def therapist_chart(course: RelationshipCourse, *, you: bool) -> TrajectoryChart | None:
    """The therapist's own ratings, where they are on another scale than the client's."""
    if course.views_share_a_scale or course.mirror is None or not course.therapist_ratings:
        return None
    name = _("You") if you else course.relationship.therapist.short_name
    title = _("Your own ratings") if you else _("The therapist's ratings")
    return _plain_chart(course, course.therapist_ratings, course.mirror, name=name, title=title)


def wellbeing_chart(course: RelationshipCourse, newest: int | None = None) -> TrajectoryChart | None:
    if course.wellbeing is None or not course.wellbeing_ratings:
        return None
    rows = _shown(course, newest)
    band = _band(course.wellbeing_band, {row.number for row in rows})
    return TrajectoryChart(
        points=_points(rows, dict(course.wellbeing_ratings), course.wellbeing),
        band=band,
        y_min=course.wellbeing.total.minimum,
        y_max=course.wellbeing.total.maximum,
        title=_("Wellbeing over time"),
        labels=TrajectoryLabels(
            client=client_name(course),
            band=name_range(course.wellbeing_band),
            missed=_("Nothing shared, or no session"),
        ),
        note=say_range(course.wellbeing_band) if band else "",
    )


def component_chart(course: RelationshipCourse, component: str, newest: int) -> TrajectoryChart:
    rows = _shown(course, newest)
    name = component_name(course.alliance, component)
    return TrajectoryChart(
        points=_points(rows, dict(course.component_ratings(component)), course.alliance),
        y_min=course.alliance.total.minimum,
        y_max=course.alliance.total.maximum,
        title=_("%(component)s over time") % {"component": name},
        labels=TrajectoryLabels(client=client_name(course), missed=_("Nothing shared, or no session")),
    )


def guardian_charts(course: RelationshipCourse, guardian: GuardianSeries) -> list[TrajectoryChart]:
    found = []
    for instrument, ratings in ((guardian.alliance, guardian.ratings), (guardian.signs, guardian.sign_counts)):
        if instrument is not None and ratings:
            title = say_in_language(instrument.total.title)
            found.append(_plain_chart(course, ratings, instrument, name=guardian.name, title=title))
    return found


def profile_chart(course: RelationshipCourse) -> ProfileChart | None:
    if not course.profile:
        return None
    return ProfileChart(
        rows=tuple(
            ProfileRow(
                name=component_name(course.alliance, one.component),
                value=one.value if one.value is not None else NotAnswered(_("skipped")),
                usual_low=one.usual_low,
                usual_high=one.usual_high,
                low=one.is_low,
            )
            for one in course.profile
        ),
        y_min=course.alliance.total.minimum,
        y_max=course.alliance.total.maximum,
        title=_("Parts of the alliance"),
    )


def client_name(course: RelationshipCourse) -> str:
    return course.relationship.client.short_name


def component_name(instrument: Instrument, component: str) -> str:
    item = next(item for item in instrument.items if item.component == component)
    return say_in_language(item.label)


def say_in_language(texts: Mapping[str, str]) -> str:
    """An instrument's words in the page's language, or the first it has."""
    language = (get_language() or "en").partition("-")[0]
    return texts.get(language) or next(iter(texts.values()))


def say_day(row: SessionRow) -> str:
    return date_format(timezone.localtime(row.starts_at), "DATE_FORMAT")


def _shown(course: RelationshipCourse, newest: int | None) -> tuple[SessionRow, ...]:
    """What is only planned has not happened; `newest` cuts the picture."""
    past = tuple(row for row in course.rows if row.session.status != Status.PLANNED)
    return past[-newest:] if newest is not None else past


def _points(
    rows: Iterable[SessionRow], values: Mapping[int, float], asked: Instrument, alert: frozenset[int] = frozenset()
) -> tuple[Point, ...]:
    return tuple(
        Point(
            session=row.number,
            value=values[row.number] if row.number in values else NotAnswered(_why_missing(row, asked)),
            alert=row.number in alert and row.number in values,
            when=say_day(row),
        )
        for row in rows
    )


def _why_missing(row: SessionRow, asked: Instrument) -> str:
    """Says what happened, never why: an answer kept back and no answer are the same words."""
    if row.session.status == Status.MISSED:
        return _("session missed")
    if row.session.status == Status.CANCELLED:
        return _("session cancelled")
    if row.client is None:
        return _("nothing shared")
    given = row.client.ratings.get(asked.kind)
    is_other = given is not None and given.instrument.ref != asked.ref
    return _("other questions were asked") if is_other else _("too little answered")


def _in_rupture(course: RelationshipCourse) -> frozenset[int]:
    if course.detection is None:
        return frozenset()
    return frozenset(one.session for one in course.detection.result.judgements if one.in_rupture)


def _marks(course: RelationshipCourse) -> list[Mark]:
    marks = []
    for episode in course.detection.result.episodes if course.detection is not None else ():
        marks.append(Mark(episode.onset, "rupture", _("Possible rupture")))
        if episode.recovered_at is not None:
            marks.append(Mark(episode.recovered_at, "repair", _("Recovered")))
    return marks


def _band(band: ExpectedRange | None, numbers: set[int]) -> tuple[BandPoint, ...]:
    if band is None:
        return ()
    first, last = min(numbers, default=1), max(numbers, default=1)
    ahead = {one.session for one in band.points if one.session > last} if first == 1 else set()
    return tuple(BandPoint(one.session, one.low, one.high) for one in band.points if one.session in numbers | ahead)


def name_range(band: ExpectedRange | None) -> str:
    """In the key of the picture and above its column of the table."""
    if band is not None and band.relationships is not None:
        return _("Expected range (from %(count)s relationships here)") % {"count": band.relationships}
    if band is not None and band.provisional:
        return _("Expected range (provisional)")
    return _("Expected range")


def say_range(band: ExpectedRange | None) -> str:
    """What the expected range rests on, in plain words."""
    if band is None:
        return ""
    if band.relationships is not None:
        said = _(
            "The expected range comes from %(count)s relationships in this practice, rated with the same questions. "
            "It is drawn to hold 8 of 10 later ratings of people whose first rating was like this one."
        ) % {"count": band.relationships}
        further = _("Hardly anybody here began so low or so high: the range is carried on beyond what was seen.")
        return f"{said} {further}" if band.is_extended else said
    if not band.provisional:
        return _("The expected range comes from the instrument's norms. It is drawn to hold 8 of 10 ratings.")
    said = _(
        "Provisional: the expected range comes from the instrument's assumptions and has not been measured yet. "
        "It is drawn to hold 8 of 10 ratings of people new to the practice."
    )
    lacking = _("The practice's own range begins with a shared rating of the first session, and here there is none.")
    return f"{said} {lacking}" if band.lacks_start else said


def _plain_chart(
    course: RelationshipCourse, ratings: Ratings, instrument: Instrument, *, name: str, title: str
) -> TrajectoryChart:
    """One person's line by itself; sessions they did not rate are left out, nobody was owed an answer."""
    days = {row.number: say_day(row) for row in course.rows}
    return TrajectoryChart(
        points=tuple(Point(number, value, when=days[number]) for number, value in ratings),
        y_min=instrument.total.minimum,
        y_max=instrument.total.maximum,
        title=title,
        labels=TrajectoryLabels(client=name),
    )
