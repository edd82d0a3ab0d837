"""A request of somebody who signed in, as the middleware leaves it, and the door that lets nobody else through."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from openrapport.audit.actor import Actor
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Role


class SignedInRequest(HttpRequest):
    viewer: Viewer
    actor: Actor
    roles: frozenset[Role]


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """To the sign-in page without a look at what was asked for; and no copy of the page stays in a cache."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known = cast(SignedInRequest, request)
        if not known.viewer.is_somebody:
            return redirect_to_login(request.get_full_path())
        return view(known, *args, **kwargs)

    return cast(Callable[..., HttpResponse], never_cache(guarded))
