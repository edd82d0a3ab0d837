"""One client: the page a therapist reads before a session, and the few deeds that start from it."""

from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrapport.people.viewer import Viewer
from openrapport.relationships.actions import MoveRefused, record_that_client_was_told_of_supervision
from openrapport.relationships.models import Relationship, State
from openrapport.relationships.queries import has_told_supervisor, has_untold_supervisor
from openrapport.reports.course import read_course
from openrapport.reports.standing import ClientRecord, record_of
from openrapport.sessions.actions import AlreadyRecorded
from openrapport.sessions.models import Format, TherapySession
from openrapport.sessions.queries import sessions_visible_to
from openrapport.web.client_page.forms import ChangeStateForm, RecordSessionForm
from openrapport.web.client_page.page import build_client_page
from openrapport.web.components.parts import Text
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.change_relationship_state import change_relationship_state
from openrapport.workflows.hand_over_device import NoSessionYet, hand_over_device
from openrapport.workflows.open_after_session import NotWorking, open_after_session
from openrapport.workflows.read_record import record_reading_of_check_ins


@require_safe
@signed_in
def client_page(request: SignedInRequest, pk: UUID) -> HttpResponse:
    record = _record_or_404(request.viewer, pk)
    course = read_course(request.viewer, record.relationship)
    page = build_client_page(request.viewer, record, course)
    now = request.viewer.at
    record_reading_of_check_ins(course.check_ins, relationship=record.relationship, actor=request.actor, now=now)
    return render(request, "client_page/client_page.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def record_session(request: SignedInRequest, pk: UUID) -> HttpResponse:
    record = _writable_or_404(request.viewer, pk)
    if not record.takes_sessions:
        raise Http404
    relationship, now = record.relationship, request.viewer.at
    last = sessions_visible_to(request.viewer).filter(relationship=relationship).order_by("-number").first()
    form = RecordSessionForm(
        request.POST if request.method == "POST" else None,
        relationship=relationship,
        now=now,
        zone=_zone_of(request.viewer),
        last=last,
    )
    if request.method != "POST":
        return render(request, "client_page/record_session.html", {"record": record, "form": form})
    recorded = _record(request, relationship, form) if form.is_valid() else None
    if recorded is None:
        status = 409 if form.non_field_errors() else 422
        return render(request, "client_page/record_session.html", {"record": record, "form": form}, status=status)
    words = _("Session %(number)s is recorded, and the check-ins about it are open.")
    messages.success(request, words % {"number": recorded.number})
    return redirect("client_page", pk=relationship.pk)


def _record(request: SignedInRequest, relationship: Relationship, form: RecordSessionForm) -> TherapySession | None:
    """The session, also where this form was sent before. None: another was recorded meanwhile; the form says so."""
    try:
        opened = open_after_session(
            actor=request.actor,
            relationship=relationship,
            starts_at=form.cleaned_data["starts_at"],
            format=Format(form.cleaned_data["format"]),
            now=request.viewer.at,
            after=form.cleaned_data["after"],
        )
    except NotWorking:
        raise Http404 from None
    except AlreadyRecorded as already:
        if form.is_the_same(already.session):
            return already.session
        form.say_recorded_meanwhile(already.session)
        return None
    return opened.session


@require_POST
@signed_in
def make_kiosk_code(request: SignedInRequest, pk: UUID) -> HttpResponse:
    record = _writable_or_404(request.viewer, pk)
    if not record.takes_sessions:
        raise Http404
    try:
        issued = hand_over_device(actor=request.actor, relationship=record.relationship, now=request.viewer.at)
    except NoSessionYet:
        raise Http404 from None
    values = {
        "record": record,
        "code": issued.secret,
        "expires_at": issued.check_in_pass.expires_at,
        "zone": _zone_of(request.viewer),
    }
    return render(request, "client_page/kiosk_code.html", values)


@require_POST
@signed_in
def tell_supervision(request: SignedInRequest, pk: UUID) -> HttpResponse:
    record = _writable_or_404(request.viewer, pk)
    relationship = record.relationship
    if has_untold_supervisor(relationship):
        record_that_client_was_told_of_supervision(relationship, actor=request.actor, now=request.viewer.at)
    elif not has_told_supervisor(relationship):
        raise Http404
    messages.success(request, _("It is noted that your client knows about supervision."))
    return redirect("client_page", pk=relationship.pk)


@dataclass(frozen=True)
class Move:
    """One way a therapist may move a relationship, in words."""

    to_state: State
    title: Text
    text: Text
    label: Text
    done: Text


MOVES = {
    "pause": Move(
        State.PAUSED,
        gettext_lazy("Pause the work with %(name)s?"),
        gettext_lazy("No session is recorded and no check-in is asked for until you go on. Open links stop working."),
        gettext_lazy("Pause"),
        gettext_lazy("Paused. You can go on at any time."),
    ),
    "resume": Move(
        State.ACTIVE,
        gettext_lazy("Go on with %(name)s?"),
        gettext_lazy("Sessions and check-ins begin again where you left off."),
        gettext_lazy("Go on"),
        gettext_lazy("You are working together again."),
    ),
    "end": Move(
        State.ENDED,
        gettext_lazy("End the work with %(name)s?"),
        gettext_lazy(
            "You keep reading what was shared with you until today. Nothing new is asked or recorded, and open links "
            "stop working. Ending is a step many therapies take; it can be taken up again later."
        ),
        gettext_lazy("End our work together"),
        gettext_lazy("The work together has ended. What was shared with you until today stays readable."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change_state(request: SignedInRequest, pk: UUID) -> HttpResponse:
    record = _writable_or_404(request.viewer, pk)
    relationship = record.relationship
    chosen = request.POST.get("to", "") if request.method == "POST" else request.GET.get("to", "")
    move = MOVES.get(chosen)
    if move is None:
        raise Http404
    if request.method != "POST":
        form = ChangeStateForm(initial={"before": relationship.state})
        return render(request, "client_page/change_state.html", _asking(record, chosen, move, form))
    form = ChangeStateForm(request.POST)
    if not form.is_valid():
        return render(request, "client_page/change_state.html", _asking(record, chosen, move, form), status=422)
    try:
        if form.cleaned_data["before"] != relationship.state:
            raise MoveRefused(relationship.state)
        change_relationship_state(
            actor=request.actor,
            relationship=relationship,
            to_state=move.to_state,
            now=request.viewer.at,
            reason=form.cleaned_data["reason"],
        )
    except MoveRefused:
        relationship.refresh_from_db(fields=["state"])
        again = ChangeStateForm(initial={"before": relationship.state, "reason": form.cleaned_data["reason"]})
        values = _asking(record, chosen, move, again) | {"now_is": State(relationship.state).label}
        return render(request, "client_page/change_state.html", values, status=409)
    messages.success(request, str(move.done))
    return redirect("client_page", pk=relationship.pk)


def _asking(record: ClientRecord, chosen: str, move: Move, form: ChangeStateForm) -> dict[str, object]:
    title = str(move.title) % {"name": record.relationship.client.short_name}
    return {"record": record, "to": chosen, "move": move, "title": title, "form": form}


def _record_or_404(viewer: Viewer, pk: UUID) -> ClientRecord:
    record = record_of(viewer, pk)
    if record is None:
        raise Http404
    return record


def _writable_or_404(viewer: Viewer, pk: UUID) -> ClientRecord:
    record = _record_or_404(viewer, pk)
    if not record.may_write:
        raise Http404
    return record


def _zone_of(viewer: Viewer) -> tzinfo:
    assert viewer.user is not None
    return viewer.user.zone
