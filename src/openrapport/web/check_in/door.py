"""Showing and taking in one check-in, by whichever door: signed in, by a link, on a handed-over device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import AlreadyAnswered, KeyConflict
from openrapport.checkins.models import CheckIn, CheckInPass
from openrapport.web.check_in.forms import CheckInForm
from openrapport.web.check_in.page import build_page, form_for
from openrapport.web.check_in.who_sees import kept_sentence
from openrapport.workflows.complete_check_in import NoLongerOpen, complete_check_in

Mode = Literal["page", "link", "kiosk"]


@dataclass(frozen=True)
class Door:
    """`thanks` gives the address to go to once everything is in the database."""

    mode: Mode
    actor: Actor
    now: datetime
    thanks: Callable[[CheckIn], str]
    with_pass: CheckInPass | None = None


def show(
    request: HttpRequest, check_in: CheckIn, door: Door, *, form: CheckInForm | None = None, status: int = 200
) -> HttpResponse:
    page = build_page(check_in, form if form is not None else form_for(check_in))
    context = {"page": page, "form": page.form, "mode": door.mode}
    return render(request, "check_in/check_in.html", context, status=status)


def take_in(request: HttpRequest, check_in: CheckIn, door: Door) -> HttpResponse:
    """The answer says "saved" only after the transaction has ended: the workflow commits before it returns."""
    form = form_for(check_in, request.POST)
    if not form.is_valid():
        return _invalid(request, check_in, door, form)
    try:
        completed = complete_check_in(
            actor=door.actor,
            check_in=check_in,
            given=form.given,
            disclosure=form.disclosure,
            key=form.key,
            now=door.now,
            with_pass=door.with_pass,
        )
    except NoLongerOpen:
        return _refuse(request, check_in, door, reason="closed")
    except (AlreadyAnswered, KeyConflict):
        return _refuse(request, check_in, door, reason="already_sent")
    if not completed.recorded:  # another request was first, with the same answers
        check_in.refresh_from_db()
    address = door.thanks(check_in)
    if wants_json(request):
        return JsonResponse({"saved": True, "redirect": address})
    return HttpResponseRedirect(address)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _invalid(request: HttpRequest, check_in: CheckIn, door: Door, form: CheckInForm) -> HttpResponse:
    if wants_json(request):  # the page then sends the form itself, and shows what the server says at each field
        return JsonResponse({"saved": False, "reason": "invalid"}, status=422)
    return show(request, check_in, door, form=form, status=422)


def _refuse(request: HttpRequest, check_in: CheckIn, door: Door, *, reason: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"saved": False, "reason": reason}, status=409)
    check_in.refresh_from_db()
    if reason == "closed":
        return render(request, "check_in/closed.html", {"check_in": check_in, "mode": door.mode}, status=409)
    return show_already_sent(request, check_in, door, status=409)


def show_already_sent(request: HttpRequest, check_in: CheckIn, door: Door, *, status: int) -> HttpResponse:
    """What was kept is shown to the person who signed in; a link or a handed-over device only says that it was sent."""
    kept = kept_sentence(check_in) if check_in.is_submitted and door.mode == "page" else ""
    context = {"check_in": check_in, "kept": kept, "mode": door.mode}
    return render(request, "check_in/already_sent.html", context, status=status)
