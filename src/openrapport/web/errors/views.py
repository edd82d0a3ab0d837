"""One view per kind of error. A refusal looks exactly like absence: both are the 404 page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from openrapport.safety import crisis
from openrapport.web.check_in.send_again import give_back_if_ours

BARE_PAGE = (
    "<!DOCTYPE html><html lang='{language}'><head><meta name='viewport' content='width=device-width'>"
    "<title>OpenRapport</title></head><body><main><h1>{title}</h1><p>{text}</p>"
    "<p><a href='/help-now'>{help}</a></p></main></body></html>"
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent could not be read."""
    return render(request, "errors/400.html", status=400)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Not there, or not for this person: the same words, the same status."""
    return render(request, "errors/404.html", status=404)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A refusal must not tell that something is there, so it is a 404. Only `csrf_failure` answers 403."""
    return not_found(request)


@never_cache
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or cookies are off. Nothing was changed, and answers of a check-in come back."""
    if (given_back := give_back_if_ours(request)) is not None:
        return given_back
    came_from = request.META.get("HTTP_REFERER", "")
    ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()})
    return render(request, "errors/expired.html", {"back": came_from if ours else ""}, status=403)


def conflict(request: HttpRequest) -> HttpResponse:
    """The same thing was sent twice with different content."""
    return render(request, "errors/409.html", status=409)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. Rendered without request, session or database; bare words if even the template fails."""
    try:
        body: str = render_to_string("errors/500.html")
    except Exception:  # any failure here would hide the first one
        body = BARE_PAGE.format(
            language=get_language() or "en",
            title=gettext("Something went wrong on our side"),
            text=gettext("Please try again in a few minutes."),
            help=gettext("Help now"),
        )
    return HttpResponse(body, status=500)


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Kept on the device by the service worker, with the numbers of crisis lines: calling needs no internet."""
    lines = crisis.lines_for(getattr(settings, "CRISIS_COUNTRY", "US"), get_language() or "en")
    return render(request, "errors/offline.html", {"crisis_lines": [one for one in lines if one.kind != "web"]})
