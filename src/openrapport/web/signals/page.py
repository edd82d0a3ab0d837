"""One signal, put together: what was seen, the talk it suggests, and what was done about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openrapport.people.viewer import Viewer
from openrapport.relationships.grants import Action
from openrapport.relationships.policy import can
from openrapport.reports.caseload import Attention, attention_of
from openrapport.reports.course import RelationshipCourse
from openrapport.signals.conversations import Conversation, conversation_for
from openrapport.signals.explain import RECOVERED, RETURNED, Explanation, explain
from openrapport.signals.models import Kind, Signal, SignalDeed, SignalEvent, SignalState
from openrapport.signals.moves import may_move
from openrapport.web.client_page import charts
from openrapport.web.components.charts import TrajectoryChart
from openrapport.web.components.parts import Text
from openrapport.web.signals.forms import NoteForm, ReasonForm

EventTone = Literal["primary", "warning", "success", "info", "neutral"]
EVENT_LOOKS: dict[str, tuple[str, EventTone]] = {
    SignalDeed.RAISED: ("bell", "warning"),
    SignalDeed.UPDATED: ("refresh-cw", "primary"),
    SignalDeed.RECOVERED: ("trending-up", "success"),
    SignalDeed.RETURNED: ("trending-down", "warning"),
    SignalDeed.QUESTIONS_CHANGED: ("refresh-cw", "info"),
    SignalDeed.ESCALATED: ("users", "warning"),
    SignalDeed.SEEN: ("eye", "primary"),
    SignalDeed.TALKED_ABOUT: ("message-circle", "primary"),
    SignalDeed.RESOLVED: ("circle-check", "success"),
    SignalDeed.DISMISSED: ("circle-slash", "neutral"),
    SignalDeed.REOPENED: ("rotate-ccw", "primary"),
}
STATE_TONES: dict[str, EventTone] = {
    SignalState.RAISED: "warning",
    SignalState.SEEN: "info",
    SignalState.TALKED_ABOUT: "primary",
    SignalState.RESOLVED: "success",
    SignalState.DISMISSED: "neutral",
}


@dataclass(frozen=True)
class Deed:
    """One way to move a signal on: its place in the address, where it leads, and its words."""

    name: str
    to_state: SignalState
    label: Text
    summary: Text
    icon: str
    form: type[forms.Form]


DEEDS = {
    deed.name: deed
    for deed in (
        Deed(
            "talked-about",
            SignalState.TALKED_ABOUT,
            gettext_lazy("Mark as talked about"),
            gettext_lazy("We talked about it"),
            "message-circle",
            NoteForm,
        ),
        Deed(
            "resolve",
            SignalState.RESOLVED,
            gettext_lazy("Close as resolved"),
            gettext_lazy("It is resolved"),
            "circle-check",
            ReasonForm,
        ),
        Deed(
            "dismiss",
            SignalState.DISMISSED,
            gettext_lazy("Dismiss"),
            gettext_lazy("It does not apply here"),
            "circle-slash",
            ReasonForm,
        ),
        Deed(
            "reopen",
            SignalState.SEEN,
            gettext_lazy("Open again"),
            gettext_lazy("Open it again"),
            "rotate-ccw",
            ReasonForm,
        ),
    )
}


@dataclass(frozen=True)
class DeedForm:
    deed: Deed
    form: forms.Form
    is_open: bool


@dataclass(frozen=True)
class EventLine:
    title: str
    when: datetime
    by: str
    icon: str
    tone: EventTone
    text: str


@dataclass(frozen=True)
class SignalPage:
    signal: Signal
    told: Explanation
    conversation: Conversation
    chart: TrajectoryChart | None
    state_tone: EventTone
    recovered: Text
    may_move: bool
    forms: tuple[DeedForm, ...]
    events: tuple[EventLine, ...]
    waited: Text = ""
    changed_to: Text = ""
    is_reader_the_therapist: bool = True


@dataclass(frozen=True)
class SignalLine:
    """One signal in a list. The tag follows what waits, the tone follows the tag."""

    signal: Signal
    told: Explanation
    next_step: Text
    tag: Text
    tone: EventTone
    waited: Text


def may_be_moved_by(viewer: Viewer, signal: Signal) -> bool:
    return can(viewer, Action.WRITE, signal)


def build_signal_page(
    viewer: Viewer,
    signal: Signal,
    course: RelationshipCourse,
    *,
    may_write: bool,
    typed: DeedForm | None = None,
    changed: bool = False,
) -> SignalPage:
    """`typed` is a form that comes back with what was written in it; `changed`: somebody moved the signal meanwhile."""
    is_therapist = course.relationship.therapist_id == _pk_of(viewer)
    return SignalPage(
        signal=signal,
        told=explain(signal),
        conversation=conversation_for(signal.kind),
        chart=signal_chart(signal, course, you=is_therapist),
        state_tone=STATE_TONES[signal.state],
        recovered=RECOVERED[signal.kind] if signal.recovered_at is not None else "",
        may_move=may_write,
        forms=_forms(signal, typed) if may_write else (),
        events=tuple(_event(event) for event in signal.events.all()),
        waited=say_waited(signal),
        changed_to=SignalState(signal.state).label if changed else "",
        is_reader_the_therapist=is_therapist,
    )


def _pk_of(viewer: Viewer) -> object:
    return viewer.user.pk if viewer.user is not None else None


def signal_chart(signal: Signal, course: RelationshipCourse, *, you: bool) -> TrajectoryChart | None:
    """The picture that belongs to what was seen: the whole, one part of it, or wellbeing; on the questions of then."""
    if not course.held:
        return None
    course = course.asked_with(signal.instruments)
    if signal.kind == Kind.GETTING_WORSE:
        return charts.wellbeing_chart(course)
    if signal.kind == Kind.COMPONENT_LOW:
        component = str(signal.evidence[0]["component"])
        return charts.component_chart(course, component, newest=charts.EXCERPT)
    return charts.alliance_chart(course, you=you, newest=charts.EXCERPT)


def _forms(signal: Signal, typed: DeedForm | None) -> tuple[DeedForm, ...]:
    """The moves this state allows; a closed signal can only be opened again."""
    found = []
    for deed in DEEDS.values():
        reopens = deed.name == "reopen"
        if reopens == signal.is_open or not may_move(from_state=signal.state, to_state=deed.to_state):
            continue
        if typed is not None and typed.deed is deed:
            found.append(typed)
        else:
            found.append(DeedForm(deed, deed.form(auto_id=f"id_{deed.name}_%s"), is_open=False))
    if typed is not None and all(one.deed is not typed.deed for one in found):
        found.append(typed)  # no longer possible, but what was typed is still there to copy
    return tuple(found)


def _event(event: SignalEvent) -> EventLine:
    icon, tone = EVENT_LOOKS[event.deed]
    title, text = str(SignalDeed(event.deed).label), event.reason
    by_kind = {SignalDeed.RECOVERED: RECOVERED, SignalDeed.RETURNED: RETURNED}.get(SignalDeed(event.deed))
    if by_kind is not None:
        title = str(by_kind[event.signal.kind])
    if event.deed == SignalDeed.ESCALATED and not _supervisor_could_read(event):
        title = _("Waited too long unseen")
    if not text and event.evidence.get("session"):
        text = _("With session %(number)s") % {"number": event.evidence["session"]}
    return EventLine(
        title=title,
        when=event.at,
        by=event.actor_user.display_name if event.actor_user is not None else "",
        icon=icon,
        tone=tone,
        text=text,
    )


def _supervisor_could_read(event: SignalEvent) -> bool:
    told_at = event.signal.relationship.supervision_told_at
    return told_at is not None and told_at <= event.at


TAGS: dict[Attention, tuple[Text, EventTone]] = {
    Attention.NEW: (gettext_lazy("New"), "warning"),
    Attention.SEEN: (gettext_lazy("Seen"), "info"),
    Attention.RECOVERED: (gettext_lazy("Recovered"), "success"),
    Attention.TALKED_ABOUT: (gettext_lazy("Talked about"), "neutral"),
}


def say_waited(signal: Signal) -> Text:
    """Unseen for too long: the supervisor was told, but only where the client knows about supervision."""
    if signal.escalated_at is None:
        return ""
    told_at = signal.relationship.supervision_told_at
    return _("Passed on to the supervisor") if told_at is not None else _("Waited too long unseen")


def signal_line(signal: Signal, *, for_supervisor: bool = False) -> SignalLine:
    if signal.is_open:
        tag, tone = TAGS[attention_of(signal)]
    else:
        tag, tone = SignalState(signal.state).label, STATE_TONES[signal.state]
    conversation = conversation_for(signal.kind)
    next_step = conversation.to_supervise if for_supervisor else conversation.title
    return SignalLine(signal, explain(signal), next_step, tag, tone, say_waited(signal))
