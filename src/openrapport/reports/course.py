"""The course of one relationship, as far as this viewer may read it: both views, what is usual, what happened.

Everything rests on `check_ins_visible_to(viewer)`. A session of which nothing was shared looks the same whether nobody
answered or somebody chose to keep the answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from openrapport.analysis.change import ReliableChange, reliable_change_of
from openrapport.analysis.detector import Detection, ExpectedBand, detect, expected_band
from openrapport.analysis.instrument import COMPONENTS, Instrument
from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import CheckIn, RespondentRole
from openrapport.checkins.queries import check_ins_visible_to
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Relationship
from openrapport.reports.shared import Rating, SharedCheckIn, read_check_in
from openrapport.sessions.models import Status, TherapySession
from openrapport.sessions.queries import sessions_visible_to

USUAL_NEEDS = 3  # fewer earlier answers do not show what is usual for a person
USUAL_LOOKS_BACK = 8

Ratings = tuple[tuple[int, float], ...]


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
class ComponentProfile:
    """A component's newest answer beside the client's own earlier ones; None: not answered, or too few to say."""

    component: str
    name: str
    value: float | None
    usual_low: float | None
    usual_high: float | None
    is_low: bool


@dataclass(frozen=True)
class GuardianSeries:
    """What one guardian shared: how they work with the therapist, and the signs of connecting."""

    name: str
    alliance: Instrument | None
    ratings: Ratings
    signs: Instrument | None
    sign_counts: Ratings


@dataclass(frozen=True)
class RelationshipCourse:
    """`alliance` is the instrument of the newest shared check-in; ratings on another scale are left out of the line."""

    relationship: Relationship
    rows: tuple[SessionRow, ...]
    alliance: Instrument
    wellbeing: Instrument | None
    mirror: Instrument | None

    @cached_property
    def held(self) -> tuple[SessionRow, ...]:
        return tuple(row for row in self.rows if row.was_held)

    @cached_property
    def ratings(self) -> Ratings:
        return _series(((row.number, row.client) for row in self.rows), "alliance", self.alliance)

    @cached_property
    def therapist_ratings(self) -> Ratings:
        if self.mirror is None:
            return ()
        return _series(((row.number, row.therapist) for row in self.rows), "alliance", self.mirror)

    @cached_property
    def wellbeing_ratings(self) -> Ratings:
        if self.wellbeing is None:
            return ()
        return _series(((row.number, row.client) for row in self.rows), "wellbeing", self.wellbeing)

    @cached_property
    def views_share_a_scale(self) -> bool:
        return self.mirror is not None and _ends(self.mirror) == _ends(self.alliance)

    @cached_property
    def shared_count(self) -> int:
        return sum(row.client is not None for row in self.held)

    @cached_property
    def band(self) -> ExpectedBand | None:
        return expected_band(self.alliance, self._band_sessions) if self.rows else None

    @cached_property
    def wellbeing_band(self) -> ExpectedBand | None:
        if self.wellbeing is None or not self.rows:
            return None
        return expected_band(self.wellbeing, self._band_sessions)

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
        """The client's check-ins that hold words, newest first."""
        return tuple(check_in for check_in in reversed(self.from_client) if check_in.words)

    @cached_property
    def profile(self) -> tuple[ComponentProfile, ...]:
        """The instrument's components in their fixed order, from the newest check-in that rated any."""
        rated = [check_in for check_in in self.from_client if check_in.components]
        if not rated:
            return ()
        newest, in_rupture = rated[-1], self._sessions_in_rupture()
        earlier = [check_in for check_in in rated[:-1] if check_in.session not in in_rupture]
        names = {item.component: item.code for item in self.alliance.items if item.component is not None}
        return tuple(
            _component(self.alliance, component, names[component], newest, earlier)
            for component in COMPONENTS
            if component in names
        )

    def component_ratings(self, component: str) -> Ratings:
        return tuple(
            (check_in.session, check_in.components[component])
            for check_in in self.from_client
            if component in check_in.components
        )

    @cached_property
    def guardians(self) -> tuple[GuardianSeries, ...]:
        by_person: dict[object, list[SharedCheckIn]] = {}
        for row in self.rows:
            for check_in in row.guardians:
                by_person.setdefault(check_in.respondent, []).append(check_in)
        return tuple(_guardian_series(check_ins) for check_ins in by_person.values())

    def _sessions_in_rupture(self) -> frozenset[int]:
        if self.detection is None:
            return frozenset()
        return frozenset(one.session for one in self.detection.result.judgements if one.in_rupture)


def read_course(viewer: Viewer, relationship: Relationship) -> RelationshipCourse:
    """Sessions and check-ins in a fixed number of queries. Ask `record_of` first whether the viewer may open it."""
    sessions = list(sessions_visible_to(viewer).filter(relationship=relationship).order_by("number"))
    readable = check_ins_visible_to(viewer).filter(relationship=relationship).order_by("session__number", "pk")
    return _course(relationship, sessions, list(readable))


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
    mirrors = instruments_for(role=RespondentRole.THERAPIST, audience=relationship.audience)
    return RelationshipCourse(
        relationship=relationship,
        rows=rows,
        alliance=kinds["alliance"],
        wellbeing=kinds.get("wellbeing"),
        mirror=instrument_of(mirrors[0]) if mirrors else None,
    )


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


def _series(check_ins: Iterable[tuple[int, SharedCheckIn | None]], kind: str, instrument: Instrument) -> Ratings:
    def fits(rating: Rating | None) -> bool:
        return rating is not None and _ends(rating.instrument) == _ends(instrument)

    found = []
    for number, check_in in check_ins:
        rating = check_in.ratings.get(kind) if check_in is not None else None
        if rating is not None and rating.value is not None and fits(rating):
            found.append((number, rating.value))
    return tuple(found)


def _change(ratings: Ratings, instrument: Instrument) -> ReliableChange | None:
    if len(ratings) < 2:
        return None
    return reliable_change_of(ratings[0][1], ratings[-1][1], instrument, instrument.total.code)


def _component(
    instrument: Instrument, component: str, item: str, newest: SharedCheckIn, earlier: Sequence[SharedCheckIn]
) -> ComponentProfile:
    value = newest.components.get(component)
    before = [one.components[component] for one in earlier if component in one.components][-USUAL_LOOKS_BACK:]
    usual = (min(before), max(before)) if len(before) >= USUAL_NEEDS else (None, None)
    cut_off = instrument.cut_off("component_low")
    return ComponentProfile(
        component=component,
        name=item,
        value=value,
        usual_low=usual[0],
        usual_high=usual[1],
        is_low=cut_off is not None and value is not None and cut_off.is_crossed(value),
    )


def _guardian_series(check_ins: Sequence[SharedCheckIn]) -> GuardianSeries:
    newest = check_ins[-1].ratings
    alliance = newest["alliance"].instrument if "alliance" in newest else None
    signs = newest["child_connecting"].instrument if "child_connecting" in newest else None
    numbered = [(one.session, one) for one in check_ins]
    return GuardianSeries(
        name=check_ins[-1].name,
        alliance=alliance,
        ratings=_series(numbered, "alliance", alliance) if alliance is not None else (),
        signs=signs,
        sign_counts=_series(numbered, "child_connecting", signs) if signs is not None else (),
    )
