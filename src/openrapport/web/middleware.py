"""Every request carries who is looking, who acts, and when."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from openrapport.audit.actor import Actor
from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.queries import roles_of


class ViewerMiddleware:
    """Sets `request.viewer` always, `request.actor` for somebody who signed in, and ends access of closed accounts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if isinstance(request.user, User) and request.user.is_active else None
        request.viewer = Viewer(user=user, at=timezone.now())  # type: ignore[attr-defined]
        request.roles = roles_of(request.viewer)  # type: ignore[attr-defined]
        if user is None:
            return self.get_response(request)
        request.actor = Actor(user=user)  # type: ignore[attr-defined]
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(user.zone):
            return self.get_response(request)
