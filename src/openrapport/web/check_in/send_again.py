"""Answers that could not be taken because the sign-in, or the token of the form, had run out: the page gives them back.

It holds what this very request brought and nothing else. No check-in is looked up, so it tells nobody whether there is
one, and whoever gets it has just sent what stands on it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from openrapport.checkins.models import Picture
from openrapport.web.check_in.door import wants_json
from openrapport.web.check_in.forms import KEY, WHO_SEES, DrawingField

PAGES_OF_ANSWERS = ("check_in", "check_in_by_link", "kiosk_check_in")
ANSWER = re.compile(r"[a-z0-9-]{1,80}__[a-z0-9_]{1,80}")
NUMBER = re.compile(r"-?\d*")
MOST_ANSWERS = 100


@dataclass(frozen=True)
class Sent:
    """One field as it came. Words are shown, so that they can be read and copied; the rest is carried along."""

    name: str
    value: str

    @property
    def is_words(self) -> bool:
        chosen = NUMBER.fullmatch(self.value) or self.value in Picture.values
        return bool(ANSWER.fullmatch(self.name)) and not chosen and not self.value.startswith(DrawingField.BEGINS)


def answers_in(request: HttpRequest) -> list[Sent]:
    """Empty when nothing was answered: then there is nothing to give back."""
    came = [Sent(name, str(value)) for name, value in request.POST.items()]
    answers = [one for one in came if ANSWER.fullmatch(one.name) or one.name == WHO_SEES]
    return [*answers[:MOST_ANSWERS], *(one for one in came if one.name == KEY)] if answers else []


def gives_back_answers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around a view that leads whoever is not signed in away: what they sent would be gone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        signed_out = not request.viewer.is_somebody  # type: ignore[attr-defined]
        if request.method == "POST" and signed_out and (sent := answers_in(request)):
            return never_cache(give_back)(request, sent, signed_out=True)
        return view(request, *args, **kwargs)

    return guarded


def give_back(request: HttpRequest, sent: list[Sent], *, signed_out: bool) -> HttpResponse:
    status = 401 if signed_out else 403
    if wants_json(request):  # the page keeps the answers itself
        return JsonResponse({"saved": False, "reason": "sign_in"}, status=status)
    context = {
        "words": [one for one in sent if one.is_words],
        "others": [one for one in sent if not one.is_words],
        "signed_out": signed_out,
        "sign_in": reverse("account_login"),
    }
    return render(request, "check_in/send_again.html", context, status=status)


def give_back_if_ours(request: HttpRequest) -> HttpResponse | None:
    """For a form whose token does not fit any more. What another site sent in here is never shown as one's own."""
    match = request.resolver_match
    if match is None or match.url_name not in PAGES_OF_ANSWERS or not came_from_here(request):
        return None
    sent = answers_in(request)
    return give_back(request, sent, signed_out=False) if sent else None


def came_from_here(request: HttpRequest) -> bool:
    """By what browsers write themselves and pages cannot. Where they wrote nothing, it is not taken for ours."""
    ours = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None and site is None:
        referer = urlsplit(request.headers.get("Referer", ""))
        return f"{referer.scheme}://{referer.netloc}" in ours
    return (origin is None or origin in ours) and site in (None, "same-origin")
