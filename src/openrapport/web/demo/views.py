"""Signing in as an invented person with one click. Refuses outside the demonstration, whatever the addresses say."""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from openrapport.people.models import User
from openrapport.web.demo.roles import BY_SLUG, ROLES

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Tells the second factor's guard that this session began without one, which only the demonstration allows.
SESSION_KEY = "demo_sign_in"


def demo_only(view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@demo_only
@never_cache
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    return render(request, "demo/roles.html", {"roles": ROLES})


@demo_only
@never_cache
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    return _become(request, request.POST.get("role", ""))


@demo_only
@never_cache
@require_GET
def sign_in_by_link(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The links that the terminal prints; their token is new at every start."""
    if not settings.DEMO_TOKEN or not secrets.compare_digest(token.encode(), settings.DEMO_TOKEN.encode()):
        raise Http404
    return _become(request, slug)


def _become(request: HttpRequest, slug: str) -> HttpResponse:
    role = BY_SLUG.get(slug)
    if role is None:
        raise Http404
    person = get_object_or_404(User, email=role.email, is_active=True)
    login(request, person, backend=BACKEND)
    request.session[SESSION_KEY] = True
    return redirect("home")
