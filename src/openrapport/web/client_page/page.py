"""The client page, put together: what a therapist needs to know five minutes before a session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openrapport.analysis.change import ReliableChange
from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
from openrapport.checkins.queries import due_for
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Audience, Relationship, State
from openrapport.relationships.queries import guardians_of, has_untold_supervisor
from openrapport.reports.caseload import signal_order
from openrapport.reports.course import RelationshipCourse, SessionRow
from openrapport.reports.shared import SharedCheckIn, SharedDrawing
from openrapport.reports.standing import ClientRecord, Standing
from openrapport.shared.numbers import say_number
from openrapport.signals.conversations import conversation_for
from openrapport.signals.explain import RECOVERED, explain
from openrapport.signals.models import OPEN, Signal, SignalState
from openrapport.signals.queries import signals_visible_to
from openrapport.web.client_page import charts
from openrapport.web.components.charts import ProfileChart, TrajectoryChart

Tone = Literal["warning", "success", "info"]


@dataclass(frozen=True)
class Banner:
    """One open signal with its one next step."""

    pk: UUID
    tone: Tone
    headline: str
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Figure:
    """A number with its name; None is said in words."""

    label: str
    value: str | None
    note: str
    missing: str = ""


@dataclass(frozen=True)
class Words:
    """What was written, or drawn, and in which check-in."""

    text: str
    source: str
    drawing: SharedDrawing | None = None


@dataclass(frozen=True)
class SessionLine:
    number: int
    day: str
    format: str
    status: str
    client: str
    therapist: str
    guardians: str


@dataclass(frozen=True)
class GuardianPart:
    name: str
    charts: tuple[TrajectoryChart, ...]


@dataclass(frozen=True)
class Deeds:
    """What the therapist may do here now. Everything is shut for former therapists and supervisors."""

    record_session: bool = False
    hand_over: bool = False
    own_check_in: CheckIn | None = None
    pause: bool = False
    resume: bool = False
    end: bool = False
    tell_supervision: bool = False
    invite_guardian_url: str = ""


@dataclass(frozen=True)
class ClientPage:
    relationship: Relationship
    standing: Standing
    subtitle: str
    state: str
    banners: tuple[Banner, ...]
    figures: tuple[Figure, ...]
    alliance: TrajectoryChart | None
    questions_changed_at: int | None
    own_chart: TrajectoryChart | None
    profile: ProfileChart | None
    wellbeing: TrajectoryChart | None
    wellbeing_note: str
    guardians: tuple[GuardianPart, ...]
    words: tuple[Words, ...]
    sessions: tuple[SessionLine, ...]
    deeds: Deeds


def build_client_page(viewer: Viewer, record: ClientRecord, course: RelationshipCourse) -> ClientPage:
    relationship = record.relationship
    you = record.standing in (Standing.THERAPIST, Standing.FORMER_THERAPIST)
    waiting = signals_visible_to(viewer).filter(relationship=relationship, state__in=OPEN).prefetch_related(None)
    return ClientPage(
        relationship=relationship,
        standing=record.standing,
        subtitle=_subtitle(course, viewer.at, with_guardians=record.standing != Standing.FORMER_THERAPIST),
        state=str(State(relationship.state).label),
        banners=tuple(_banner(signal, you=you) for signal in sorted(waiting, key=signal_order)),
        figures=_figures(course, you=you),
        alliance=charts.alliance_chart(course, you=you) if course.held else None,
        questions_changed_at=course.questions_changed_at,
        own_chart=charts.therapist_chart(course, you=you),
        profile=charts.profile_chart(course),
        wellbeing=charts.wellbeing_chart(course),
        wellbeing_note=say_change(course.wellbeing_change) if course.wellbeing_change is not None else "",
        guardians=tuple(GuardianPart(one.name, tuple(charts.guardian_charts(course, one))) for one in course.guardians),
        words=tuple(_words(course)),
        sessions=tuple(_session_line(row) for row in reversed(course.rows)),
        deeds=_deeds(viewer, record, course),
    )


def _subtitle(course: RelationshipCourse, at: datetime, *, with_guardians: bool) -> str:
    """Age, sessions, guardians: whatever is known, in that order. Who is a guardian now is not told after the end."""
    relationship = course.relationship
    age = relationship.client.age_on(timezone.localdate(at))
    held = len(course.held)
    parts = [str(age)] if age is not None else []
    sessions = ngettext("%(count)s session", "%(count)s sessions", held) % {"count": held}
    parts.append(sessions if held else _("no session yet"))
    if with_guardians and relationship.audience != Audience.ADULT:
        names = [guardian.display_name for guardian in guardians_of(relationship, at=at)]
        if names:
            parts.append(
                ngettext("guardian: %(names)s", "guardians: %(names)s", len(names)) % {"names": ", ".join(names)}
            )
    return " · ".join(parts)


def _banner(signal: Signal, *, you: bool) -> Banner:
    told = explain(signal)
    tone: Tone = "info" if signal.state == SignalState.TALKED_ABOUT else "warning"
    sentence = told.sentence
    if signal.recovered_at is not None:
        tone = "success"
        news = {"sentence": sentence, "news": RECOVERED[signal.kind]}
        sentence = _("%(sentence)s Since then: %(news)s.") % news
    conversation = conversation_for(signal.kind)
    return Banner(
        signal.pk, tone, told.headline, sentence, str(conversation.title if you else conversation.to_supervise)
    )


def _figures(course: RelationshipCourse, *, you: bool) -> tuple[Figure, ...]:
    best = number_format(course.alliance.total.maximum, decimal_pos=0)
    latest = course.ratings[-1] if course.ratings else None
    held = len(course.held)
    return (
        Figure(
            _("Latest rating"),
            say(latest[1]) if latest else None,
            _("of %(best)s, session %(number)s") % {"best": best, "number": latest[0]} if latest else "",
            _("nothing shared yet"),
        ),
        Figure(
            _("Change since start"),
            say_signed(course.change.difference) if course.change is not None else None,
            say_change(course.change) if course.change is not None else "",
            _("after two ratings"),
        ),
        _difference(course, you=you),
        Figure(
            _("Shared check-ins"),
            _("%(shared)s of %(held)s") % {"shared": course.shared_count, "held": held} if held else None,
            ngettext("session", "sessions", held),
            _("no session yet"),
        ),
    )


def _difference(course: RelationshipCourse, *, you: bool) -> Figure:
    label, found = _("Difference in views"), course.view_difference
    if found is None:
        missing = _("after both have rated a session")
        return Figure(label, None, "", missing if course.views_share_a_scale else _("two different scales"))
    higher = _("session %(number)s: you rated it higher") if you else _("session %(number)s: the therapist is higher")
    lower = _("session %(number)s: you rated it lower") if you else _("session %(number)s: the therapist is lower")
    same = _("session %(number)s: seen alike")
    sentence = same if round(found.gap, 1) == 0 else higher if found.gap > 0 else lower
    return Figure(label, say(abs(found.gap)), sentence % {"number": found.session})


def say(value: float) -> str:
    return say_number(value)


def say_signed(value: float) -> str:
    rounded = round(value, 1)
    if rounded == 0:
        return say(0)
    return f"{'+' if rounded > 0 else '−'}{say(abs(rounded))}"


def say_change(change: ReliableChange) -> str:
    """In words, and with the assumption under it."""
    words = {
        "better": _("more than chance between two answers"),
        "worse": _("down by more than chance between two answers"),
        "no_reliable_change": _("within the usual ups and downs"),
    }
    return _("%(words)s (provisional)") % {"words": words[change.verdict]}


def _words(course: RelationshipCourse) -> Iterator[Words]:
    for check_in in course.words:
        source = say_source(check_in)
        yield from (Words(text, source) for text in check_in.words)
        yield from (Words("", source, drawing) for drawing in check_in.drawings)


SHARED_HOW = {
    Disclosure.NOW: lambda: _("shared at once"),
    Disclosure.NEXT_SESSION: lambda: _("shared at the next session"),
    Disclosure.SUPERVISOR_ONLY: lambda: _("for the supervisor only"),
}


def say_source(check_in: SharedCheckIn) -> str:
    how = SHARED_HOW[Disclosure(check_in.disclosure)]()
    return _("Session %(number)s · %(how)s") % {"number": check_in.session, "how": how}


def _session_line(row: SessionRow) -> SessionLine:
    session = row.session
    return SessionLine(
        number=row.number,
        day=date_format(timezone.localtime(row.starts_at), "DATE_FORMAT"),
        format=session.get_format_display(),
        status=session.get_status_display(),
        client=_given([row.client] if row.client is not None else [], row),
        therapist=_given([row.therapist] if row.therapist is not None else [], row),
        guardians=_given(row.guardians, row),
    )


def _given(check_ins: Sequence[SharedCheckIn], row: SessionRow) -> str:
    """The ratings given, with a mark on what only a supervisor reads."""
    if not check_ins:
        return "–"
    said = []
    for one in check_ins:
        rating = one.alliance
        value = say(rating.value) if rating is not None and rating.value is not None else _("too little answered")
        kept = one.disclosure == Disclosure.SUPERVISOR_ONLY
        said.append(_("%(value)s (supervisor only)") % {"value": value} if kept else value)
    return ", ".join(said)


def _deeds(viewer: Viewer, record: ClientRecord, course: RelationshipCourse) -> Deeds:
    if not record.may_write:
        return Deeds()
    relationship = record.relationship
    own = due_for(viewer).filter(relationship=relationship, role=RespondentRole.THERAPIST).first()
    is_young = relationship.audience != Audience.ADULT
    return Deeds(
        record_session=record.takes_sessions,
        hand_over=record.takes_sessions and bool(course.held),
        own_check_in=own,
        pause=relationship.state in (State.ACTIVE, State.RETURNED),
        resume=relationship.state == State.PAUSED,
        end=relationship.state != State.INVITED,
        tell_supervision=has_untold_supervisor(relationship),
        invite_guardian_url=find_url("invite_guardian", relationship.pk) if is_young else "",
    )


def find_url(name: str, *args: object) -> str:
    """The address of a page, or nothing where this installation does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
