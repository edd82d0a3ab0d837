"""The front door leads everybody to their own first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from openrapport.practices.models import Role

FIRST_PAGE = ((Role.THERAPIST, "caseload"), (Role.SUPERVISOR, "supervision"), (Role.ADMIN, "practice_people"))


def home(request: HttpRequest) -> HttpResponse:
    if not request.viewer.is_somebody:  # type: ignore[attr-defined]
        return redirect("account_login")
    for role, page in FIRST_PAGE:
        if role in request.roles:  # type: ignore[attr-defined]
            return redirect(page)
    return redirect("client_home")
