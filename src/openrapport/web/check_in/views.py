"""A check-in for somebody who signed in: the page, its sending, the thanks, and a fresh token for a late sending."""

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from openrapport.checkins.models import CheckIn
from openrapport.checkins.queries import own_check_ins
from openrapport.relationships.grants import Action
from openrapport.relationships.policy import can
from openrapport.web.check_in.door import Door, show, show_already_sent, take_in
from openrapport.web.check_in.page import in_words_of
from openrapport.web.check_in.send_again import gives_back_answers
from openrapport.web.check_in.who_sees import kept_sentence
from openrapport.web.requests import SignedInRequest, signed_in

KEEP_HEADER = "X-Keep-On-Device"
"""Tells the service worker that this very page may be kept for the person's own device. No other page has it."""


def _thanks(check_in: CheckIn) -> str:
    return reverse("check_in_thanks", args=[check_in.pk])


def _door(request: SignedInRequest) -> Door:
    return Door(mode="page", actor=request.actor, now=request.viewer.at, thanks=_thanks)


@require_http_methods(["GET", "HEAD", "POST"])
@gives_back_answers
@signed_in
def check_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    known = cast(SignedInRequest, request)
    own = get_object_or_404(own_check_ins(known.viewer), pk=pk)
    if not _is_still_theirs_to_answer(known, own):
        raise Http404
    with in_words_of(request, own.respondent) as language:
        response = take_in(request, own, _door(known)) if request.method == "POST" else _open(known, own)
    response.headers["Content-Language"] = language
    return response


def _is_still_theirs_to_answer(request: SignedInRequest, own: CheckIn) -> bool:
    """Not when they are no guardian or therapist any more. What was sent or is closed has pages of its own."""
    over = own.is_submitted or not own.relationship.is_working
    return over or can(request.viewer, Action.WRITE, own)


def _open(request: SignedInRequest, own: CheckIn) -> HttpResponse:
    if own.is_submitted:
        return show_already_sent(request, own, _door(request), status=200)
    if not own.relationship.is_working:
        return render(request, "check_in/closed.html", {"check_in": own, "mode": "page"})
    response = show(request, own, _door(request))
    response.headers[KEEP_HEADER] = "check-in"
    return response


@require_safe
@signed_in
def thanks(request: HttpRequest, pk: UUID) -> HttpResponse:
    known = cast(SignedInRequest, request)
    own = get_object_or_404(own_check_ins(known.viewer), pk=pk)
    if not own.is_submitted:
        return redirect("check_in", pk=own.pk)
    with in_words_of(request, own.respondent) as language:
        context = {"check_in": own, "kept": kept_sentence(own), "mode": "page"}
        response = render(request, "check_in/thanks.html", context)
    response.headers["Content-Language"] = language
    return response


@require_safe
@signed_in
def token(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For answers that waited on the device: whether they are still awaited, and a token to send them with."""
    own = get_object_or_404(own_check_ins(cast(SignedInRequest, request).viewer), pk=pk)
    return JsonResponse({"csrf_token": get_token(request), "open": not own.is_submitted})
