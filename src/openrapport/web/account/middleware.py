"""Two guards behind the viewer: a session left alone ends, and staff show a second factor."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from openrapport.people.viewer import Viewer
from openrapport.web.account.second_factor import SecondFactor, second_factor_of
from openrapport.web.requests import SignedInRequest

GetResponse = Callable[[HttpRequest], HttpResponse]

LAST_SEEN = "last_seen"
WRITE_EVERY_SECONDS = 60
# What works for anybody, or is needed to sign in: nobody is led away from help, from signing out or from a link's page.
OPEN_PATHS = (
    "/account/",
    "/help-now",
    "/health/",
    "/i18n/",
    "/theme",
    "/static/",
    "/invitation/",
    "/c/",
    "/kiosk/",
    "/demo/",
    "/offline",
    "/sw.js",
    "/manifest.webmanifest",
)


class IdleSessionMiddleware:
    """Signs out whoever was away too long. The moment last seen is written at most once a minute."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: SignedInRequest) -> HttpResponse:
        if request.viewer.user is None:
            return self.get_response(request)
        moment = int(request.viewer.at.timestamp())
        away = moment - request.session.get(LAST_SEEN, moment)
        if away > _idle_minutes(request) * 60:
            return self._sign_out(request)
        if away >= WRITE_EVERY_SECONDS or LAST_SEEN not in request.session:
            request.session[LAST_SEEN] = moment
        return self.get_response(request)

    def _sign_out(self, request: SignedInRequest) -> HttpResponse:
        back_to = _page_of(request)
        logout(request)
        request.viewer = Viewer(user=None, at=request.viewer.at)
        request.roles = frozenset()
        del request.actor
        sentence = _("You were away for a while, so we signed you out. Sign in to go on where you were.")
        if request.path.startswith(OPEN_PATHS) or brings_answers(request):
            if request.path.startswith("/account/"):
                messages.info(request, sentence)
            return self.get_response(request)
        messages.info(request, sentence)
        return lead_to(request, f"{reverse('account_login')}?{urlencode({'next': back_to})}")


class SecondFactorMiddleware:
    """Members of a practice get no further than their account until they showed a passkey or a code from an app."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: SignedInRequest) -> HttpResponse:
        user = request.viewer.user
        if user is None or not request.roles or request.path.startswith(OPEN_PATHS):
            return self.get_response(request)
        state = second_factor_of(request, user)
        if state is SecondFactor.SHOWN:
            return self.get_response(request)
        next_page = urlencode({"next": _page_of(request)})
        if state is SecondFactor.MISSING:
            return lead_to(request, f"{reverse('set_up_second_factor')}?{next_page}")
        way: str = get_adapter().get_reauthentication_methods(user)[0]["url"]
        return lead_to(request, f"{way}?{next_page}")


def brings_answers(request: HttpRequest) -> bool:
    """Led away, a form would lose what was typed: the page of a check-in gives it back, and asks to sign in."""
    return request.method == "POST" and request.path.startswith("/check-in/")


def lead_to(request: HttpRequest, url: str) -> HttpResponse:
    """A page is redirected. Script that fetches must not take the sign-in page for a success, so it gets a 401."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    if mode != "navigate" or "application/json" in request.headers.get("Accept", ""):
        return HttpResponse(status=401)
    return redirect(url)


def _idle_minutes(request: SignedInRequest) -> int:
    return int(settings.STAFF_IDLE_MINUTES if request.roles else settings.CLIENT_IDLE_MINUTES)


def _page_of(request: HttpRequest) -> str:
    """Where to come back to: this page, or for a form that was sent, the page it stood on."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() else "/"
