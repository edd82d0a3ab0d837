"""Signals: the list of what waits, one signal with the talk it suggests, and moving it on."""

from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport.audit.actor import Actor
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Role
from openrapport.relationships.queries import caseload_of
from openrapport.reports.caseload import signal_order
from openrapport.reports.course import read_course
from openrapport.signals import actions
from openrapport.signals.models import OPEN, Signal, SignalState
from openrapport.signals.queries import open_for, signals_visible_to
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.web.signals.page import DEEDS, DeedForm, build_signal_page, may_be_moved_by, signal_line
from openrapport.workflows.read_record import (
    record_glance_at_scores,
    record_reading_of_check_ins,
    record_reading_of_signal,
)

MOST_CLOSED = 100


@require_safe
@signed_in
def signals(request: SignedInRequest) -> HttpResponse:
    if Role.THERAPIST not in request.roles:
        raise Http404
    shows_closed = request.GET.get("show") == "closed"
    waiting = sorted(open_for(request.viewer), key=signal_order)
    shown = _closed(request.viewer) if shows_closed else waiting
    seen = {signal.relationship_id: signal.relationship for signal in shown}
    record_glance_at_scores(seen.values(), actor=request.actor, now=request.viewer.at)
    values = {
        "lines": [signal_line(signal) for signal in shown],
        "shows_closed": shows_closed,
        "waiting": len(waiting),
    }
    return render(request, "signals/signals.html", values)


def _closed(viewer: Viewer) -> list[Signal]:
    mine = caseload_of(viewer).values("pk")
    closed = signals_visible_to(viewer).filter(relationship__in=mine).exclude(state__in=OPEN)
    return list(closed.order_by("-state_since")[:MOST_CLOSED])


@require_safe
@signed_in
def signal(request: SignedInRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(signals_visible_to(request.viewer), pk=pk)
    if request.method == "GET" and found.state == SignalState.RAISED and may_be_moved_by(request.viewer, found):
        _open_for_the_first_time(found, actor=request.actor, viewer=request.viewer)
        found = get_object_or_404(signals_visible_to(request.viewer), pk=pk)
    return _show(request, found)


def _open_for_the_first_time(found: Signal, *, actor: Actor, viewer: Viewer) -> None:
    with suppress(actions.MoveNotAllowed):  # another window was faster; the page shows the state as it is
        actions.mark_seen(found, actor=actor, now=viewer.at)


@require_POST
@signed_in
def move_signal(request: SignedInRequest, pk: UUID, deed: str) -> HttpResponse:
    found = get_object_or_404(signals_visible_to(request.viewer), pk=pk)
    wanted = DEEDS.get(deed)
    if wanted is None or not may_be_moved_by(request.viewer, found):
        raise Http404
    form = wanted.form(request.POST, auto_id=f"id_{deed}_%s")
    typed = DeedForm(wanted, form, is_open=True)
    is_valid = form.is_valid()
    if request.POST.get("state") != found.state:
        return _show(request, found, typed=_again(typed), changed=True)
    if not is_valid:
        return _show(request, found, typed=typed)
    try:
        _move(found, deed, actor=request.actor, viewer=request.viewer, words=form.cleaned_data)
    except actions.MoveNotAllowed:
        found = get_object_or_404(signals_visible_to(request.viewer), pk=pk)
        return _show(request, found, typed=_again(typed), changed=True)
    messages.success(request, _("Noted: %(state)s.") % {"state": SignalState(found.state).label})
    return redirect("signal", pk=found.pk)


def _move(found: Signal, deed: str, *, actor: Actor, viewer: Viewer, words: dict[str, str]) -> None:
    now = viewer.at
    if deed == "talked-about":
        actions.mark_talked_about(found, actor=actor, now=now, note=words["note"])
    elif deed == "resolve":
        actions.resolve(found, actor=actor, now=now, reason=words["reason"])
    elif deed == "dismiss":
        actions.dismiss(found, actor=actor, now=now, reason=words["reason"])
    else:
        actions.reopen(found, actor=actor, now=now, reason=words["reason"])


def _again(typed: DeedForm) -> DeedForm:
    """What was typed, without complaints: the person did nothing wrong."""
    said = {name: typed.form.data.get(name, "") for name in typed.form.fields}
    return DeedForm(typed.deed, typed.deed.form(initial=said, auto_id=typed.form.auto_id), is_open=True)


def _show(
    request: SignedInRequest, found: Signal, *, typed: DeedForm | None = None, changed: bool = False
) -> HttpResponse:
    viewer = request.viewer
    course = read_course(viewer, found.relationship)
    may_write = may_be_moved_by(viewer, found)
    page = build_signal_page(viewer, found, course, may_write=may_write, typed=typed, changed=changed)
    record_reading_of_signal(found, actor=request.actor, now=viewer.at)
    if page.chart is not None:
        numbers = set(page.chart.sessions)
        drawn = (one for row in course.rows if row.number in numbers for one in (row.client, row.therapist))
        shown = [check_in for check_in in drawn if check_in is not None]
        record_reading_of_check_ins(shown, relationship=found.relationship, actor=request.actor, now=viewer.at)
    status = 409 if changed else 422 if typed is not None else 200
    return render(request, "signals/signal.html", {"page": page}, status=status)
