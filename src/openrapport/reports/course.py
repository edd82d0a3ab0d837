"""The course of one relationship, as far as this viewer may read it: both views, what is usual, what happened.

Everything rests on `check_ins_visible_to(viewer)`. A session of which nothing was shared looks the same whether nobody
answered or somebody chose to keep the answer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from openrapport.analysis.change import ReliableChange, reliable_change_of
from openrapport.analysis.detector import Detection, detect
from openrapport.analysis.instrument import Instrument
from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import CheckIn, RespondentRole
from openrapport.checkins.queries import WITH_DRAWINGS, check_ins_visible_to
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Relationship
from openrapport.reports.components import ComponentProfile, component_profile
from openrapport.reports.expected_range import ExpectedRange, expected_range
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import FIRST_SESSION, Measure, fits_of
from openrapport.reports.series import GuardianSeries, Ratings, guardian_series, series
from openrapport.reports.shared import SharedCheckIn, read_check_in
from openrapport.sessions.models import Status, TherapySession
from openrapport.sessions.queries import sessions_visible_to

FIRST_STRETCH = 3  # sessions the expected range is drawn for even before they took place


@dataclass(frozen=True)
class SessionRow:
    """One session, and what may be read about it. None: nothing that this viewer may read."""

    session: TherapySession
    client: SharedCheckIn | None
    therapist: SharedCheckIn | None
    guardians: tuple[SharedCheckIn, ...]

    @property
    def number(self) -> int:
        return self.session.number

    @property
    def starts_at(self) -> datetime:
        return self.session.starts_at

    @property
    def was_held(self) -> bool:
        return self.session.status == Status.HELD


@dataclass(frozen=True)
class ViewDifference:
    """The newest session that both rated on the same scale."""

    session: int
    client: float
    therapist: float

    @property
    def gap(self) -> float:
        return self.therapist - self.client


@dataclass(frozen=True)
class RelationshipCourse:
    """One version of each questionnaire, that of the newest shared answers: two versions are never one line.

    What was answered on others stands in `rows`; `asked_with` gives the course as it was on one of those.
    """

    relationship: Relationship
    rows: tuple[SessionRow, ...]
    alliance: Instrument
    wellbeing: Instrument | None
    mirror: Instrument | None
    fits: Mapping[Measure, StoredGrowthFit] = field(default_factory=dict)

    def asked_with(self, references: Collection[str]) -> "RelationshipCourse":
        """The same sessions on these versions, such as those a signal rests on; what is not named stays."""
        kinds = {(one.kind, one.audience == "therapist"): one for one in map(instrument_of, references)}
        return replace(
            self,
            alliance=kinds.get(("alliance", False), self.alliance),
            wellbeing=kinds.get(("wellbeing", False), self.wellbeing),
            mirror=kinds.get(("alliance", True), self.mirror),
        )

    @cached_property
    def questions_changed_at(self) -> int | None:
        """The session from which the client is asked the questions of this line; None: there were no others."""
        asked = [check_in for check_in in self.from_client if check_in.alliance is not None]
        if all(self._is_on_this_line(check_in) for check_in in asked):
            return None
        return next(check_in.session for check_in in asked if self._is_on_this_line(check_in))

    def _is_on_this_line(self, check_in: SharedCheckIn) -> bool:
        return check_in.alliance is not None and check_in.alliance.instrument.ref == self.alliance.ref

    @cached_property
    def held(self) -> tuple[SessionRow, ...]:
        return tuple(row for row in self.rows if row.was_held)

    @cached_property
    def ratings(self) -> Ratings:
        return series(((row.number, row.client) for row in self.rows), "alliance", self.alliance)

    @cached_property
    def therapist_ratings(self) -> Ratings:
        if self.mirror is None:
            return ()
        return series(((row.number, row.therapist) for row in self.rows), "alliance", self.mirror)

    @cached_property
    def wellbeing_ratings(self) -> Ratings:
        if self.wellbeing is None:
            return ()
        return series(((row.number, row.client) for row in self.rows), "wellbeing", self.wellbeing)

    @cached_property
    def views_share_a_scale(self) -> bool:
        return self.mirror is not None and _ends(self.mirror) == _ends(self.alliance)

    @cached_property
    def shared_count(self) -> int:
        return sum(row.client is not None for row in self.held)

    @cached_property
    def band(self) -> ExpectedRange | None:
        return self._band(self.alliance, self.ratings)

    @cached_property
    def wellbeing_band(self) -> ExpectedRange | None:
        return self._band(self.wellbeing, self.wellbeing_ratings) if self.wellbeing is not None else None

    def _band(self, instrument: Instrument, ratings: Ratings) -> ExpectedRange | None:
        """From the practice's own relationships where they say something, and then for who starts like this one."""
        if not self.rows:
            return None
        fit = self.fits.get((instrument.ref, instrument.total.code))
        return expected_range(instrument, self._band_sessions, fit=fit, start=dict(ratings).get(FIRST_SESSION))

    @cached_property
    def _band_sessions(self) -> list[int]:
        """Those there were; at the beginning a little ahead, so that a first rating lies in a range one can see."""
        return sorted({row.number for row in self.rows} | set(range(1, FIRST_STRETCH + 1)))

    @cached_property
    def detection(self) -> Detection | None:
        """Ruptures in what this viewer may read. None before the first rating, or where nothing says what is usual."""
        if not self.ratings or self.alliance.norms_of(self.alliance.total.code) is None:
            return None
        given = dict(self.ratings)
        numbers = [row.number for row in self.rows]
        return detect([given.get(number) for number in numbers], self.alliance, sessions=numbers)

    @cached_property
    def change(self) -> ReliableChange | None:
        return _change(self.ratings, self.alliance)

    @cached_property
    def wellbeing_change(self) -> ReliableChange | None:
        return _change(self.wellbeing_ratings, self.wellbeing) if self.wellbeing is not None else None

    @cached_property
    def view_difference(self) -> ViewDifference | None:
        if not self.views_share_a_scale:
            return None
        theirs = dict(self.therapist_ratings)
        both = [(number, value) for number, value in self.ratings if number in theirs]
        return ViewDifference(both[-1][0], both[-1][1], theirs[both[-1][0]]) if both else None

    @cached_property
    def from_client(self) -> tuple[SharedCheckIn, ...]:
        return tuple(row.client for row in self.rows if row.client is not None)

    @cached_property
    def check_ins(self) -> tuple[SharedCheckIn, ...]:
        """Everything on the page that somebody gave, the reader's own too."""
        from_one = [one for row in self.rows for one in (row.client, row.therapist) if one is not None]
        return (*from_one, *(one for row in self.rows for one in row.guardians))

    @cached_property
    def words(self) -> tuple[SharedCheckIn, ...]:
        """The client's check-ins that hold words or a drawing, newest first."""
        return tuple(one for one in reversed(self.from_client) if one.words or one.drawings)

    @cached_property
    def profile(self) -> tuple[ComponentProfile, ...]:
        """The instrument's components in their fixed order, from the newest check-in on it that rated any."""
        rated = [one for one in self.from_client if one.components and self._is_on_this_line(one)]
        return component_profile(self.alliance, rated, in_rupture=self._sessions_in_rupture())

    def component_ratings(self, component: str) -> Ratings:
        return tuple(
            (check_in.session, check_in.components[component])
            for check_in in self.from_client
            if component in check_in.components and self._is_on_this_line(check_in)
        )

    @cached_property
    def guardians(self) -> tuple[GuardianSeries, ...]:
        by_person: dict[object, list[SharedCheckIn]] = {}
        for row in self.rows:
            for check_in in row.guardians:
                by_person.setdefault(check_in.respondent, []).append(check_in)
        return tuple(guardian_series(check_ins) for check_ins in by_person.values())

    def _sessions_in_rupture(self) -> frozenset[int]:
        if self.detection is None:
            return frozenset()
        return frozenset(one.session for one in self.detection.result.judgements if one.in_rupture)


def read_course(viewer: Viewer, relationship: Relationship) -> RelationshipCourse:
    """Sessions and check-ins in a fixed number of queries. Ask `record_of` first whether the viewer may open it."""
    sessions = list(sessions_visible_to(viewer).filter(relationship=relationship).order_by("number"))
    readable = check_ins_visible_to(viewer).filter(relationship=relationship).order_by("session__number", "pk")
    course = _course(relationship, sessions, list(readable.prefetch_related(WITH_DRAWINGS)))
    return replace(course, fits=fits_of(viewer, relationship.practice_id))


def _course(
    relationship: Relationship, sessions: Sequence[TherapySession], readable: Iterable[CheckIn]
) -> RelationshipCourse:
    by_session: dict[int, list[SharedCheckIn]] = {}
    for check_in in map(read_check_in, readable):
        by_session.setdefault(check_in.session, []).append(check_in)
    rows = tuple(_row(session, by_session.get(session.number, [])) for session in sessions)
    newest = next((row.client for row in reversed(rows) if row.client is not None), None)
    expected = [instrument_of(r) for r in instruments_for(role=RespondentRole.CLIENT, audience=relationship.audience)]
    pinned = [rating.instrument for rating in newest.ratings.values()] if newest is not None else expected
    kinds = {instrument.kind: instrument for instrument in (*expected, *pinned)}
    return RelationshipCourse(
        relationship=relationship,
        rows=rows,
        alliance=kinds["alliance"],
        wellbeing=kinds.get("wellbeing"),
        mirror=_mirror(relationship, rows),
    )


def _mirror(relationship: Relationship, rows: Sequence[SessionRow]) -> Instrument | None:
    """The version the therapist answered last; before that, the one they would be asked."""
    newest = next((row.therapist.alliance for row in reversed(rows) if row.therapist and row.therapist.alliance), None)
    if newest is not None:
        return newest.instrument
    expected = instruments_for(role=RespondentRole.THERAPIST, audience=relationship.audience)
    return instrument_of(expected[0]) if expected else None


def _row(session: TherapySession, check_ins: Sequence[SharedCheckIn]) -> SessionRow:
    def first(role: str) -> SharedCheckIn | None:
        return next((one for one in check_ins if one.role == role), None)

    return SessionRow(
        session=session,
        client=first(RespondentRole.CLIENT),
        therapist=first(RespondentRole.THERAPIST),
        guardians=tuple(one for one in check_ins if one.role == RespondentRole.GUARDIAN),
    )


def _ends(instrument: Instrument) -> tuple[float, float]:
    return instrument.total.minimum, instrument.total.maximum


def _change(ratings: Ratings, instrument: Instrument) -> ReliableChange | None:
    if len(ratings) < 2:
        return None
    return reliable_change_of(ratings[0][1], ratings[-1][1], instrument, instrument.total.code)
