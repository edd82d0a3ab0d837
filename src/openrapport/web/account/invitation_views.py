"""The page behind the link of an invitation. Looking changes nothing: mail scanners open links too."""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openrapport.people.actions import EmailTaken
from openrapport.people.models import User
from openrapport.practices.actions import InvitationClosed
from openrapport.practices.models import Invitation
from openrapport.web.account.forms import AcceptForm
from openrapport.web.account.language import remember_language
from openrapport.web.account.page import Situation, invitation_page, situation_of
from openrapport.web.requests import SignedInRequest
from openrapport.workflows.accept_invitation import (
    ForSomebodyElse,
    NewAccount,
    accept_invitation,
    invitation_behind,
)
from openrapport.workflows.invite_client import AddressOfGuardian
from openrapport.workflows.invite_guardian import AddressOfClient

LOOKING = {"invitation": "30/m/ip"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: SignedInRequest, token: str) -> HttpResponse:
    counted = {"app": "openrapport.web.account", "action": "invitation", "config": LOOKING}
    too_often: HttpResponse | None = ratelimit.consume_or_429(request, **counted, limit_get=True)
    if too_often is not None:
        return too_often
    found = invitation_behind(token, now=request.viewer.at)
    if found is None:
        return closed(request)
    situation = situation_of(found, request.viewer)
    if request.method != "POST" or situation not in {Situation.NEW_ACCOUNT, Situation.OWN_ACCOUNT}:
        return _show(request, found, AcceptForm(initial=_first_values(found)))
    form = AcceptForm(request.POST)
    if situation is Situation.NEW_ACCOUNT and not form.is_valid():
        return _show(request, found, form, status=422)
    return _accept(request, found, form)


def closed(request: HttpRequest) -> HttpResponse:
    """Expired, taken back, used or never there: one answer for all."""
    return render(request, "account/invitation_closed.html", status=404)


def _accept(request: SignedInRequest, found: Invitation, form: AcceptForm) -> HttpResponse:
    told = request.POST.get("told") == "yes"
    new_account = None
    if request.viewer.user is None:
        given = form.cleaned_data
        new_account = NewAccount(given["name"], given["language"], given["time_zone"])
    try:
        user = accept_invitation(
            found, now=request.viewer.at, user=request.viewer.user, new_account=new_account, told_of_supervision=told
        )
    except InvitationClosed:
        return closed(request)
    except (AddressOfGuardian, AddressOfClient):
        return _show(request, found, form, refusal=_one_address_for_two(), status=409)
    except (ForSomebodyElse, EmailTaken):
        # Something changed since the page was drawn; the page as it is now says what to do.
        return _show(request, found, form, status=409)
    return _go_in(request, user)


def _one_address_for_two() -> str:
    return _(
        "This e-mail address belongs to the parent or guardian as well. A young person and their parent each need an "
        "address of their own, so that answers stay private. Please ask the therapist for a new invitation."
    )


def _go_in(request: SignedInRequest, user: User) -> HttpResponse:
    if request.viewer.user is None:
        # The link went to this mailbox, so opening it proves the address as a code by mail would.
        record_authentication(request, user, method="invitation", email=user.email)
        response: HttpResponse = perform_login(request, Login(user=user, redirect_url="/", email=user.email))
    else:
        response = HttpResponse(status=302, headers={"Location": "/"})
    remember_language(request, response, user.language)
    return response


def _first_values(found: Invitation) -> dict[str, Any]:
    return {"name": found.name, "language": found.language, "time_zone": found.practice.time_zone}


def _show(
    request: SignedInRequest, found: Invitation, form: AcceptForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    page = invitation_page(found, request.viewer)
    return render(request, "account/invitation.html", {"page": page, "form": form, "refusal": refusal}, status=status)
