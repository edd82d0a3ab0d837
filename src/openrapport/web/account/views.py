"""Setting up a second factor, and ending the sign-in on one device."""

from allauth.usersessions.internal import flows
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport.web.account.second_factor import SecondFactor, second_factor_of
from openrapport.web.requests import SignedInRequest, signed_in

GOING_TO = "going_to"


@require_safe
@signed_in
def set_up_second_factor(request: SignedInRequest) -> HttpResponse:
    assert request.viewer.user is not None
    wanted = request.GET.get("next", "")
    if _is_ours(request, wanted):
        request.session[GOING_TO] = wanted
    if second_factor_of(request, request.viewer.user) is SecondFactor.SHOWN:
        return redirect("go_on")
    return render(request, "account/set_up_second_factor.html", {"is_staff_member": bool(request.roles)})


@require_safe
@signed_in
def go_on(request: SignedInRequest) -> HttpResponse:
    """To where somebody was going before they were asked to set something up."""
    wanted = request.session.pop(GOING_TO, "/")
    return redirect(wanted if _is_ours(request, wanted) else "/")


@require_POST
@signed_in
def end_device(request: SignedInRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession, user=request.viewer.user, pk=pk)
    flows.sessions.end_sessions(request, [session])
    messages.success(request, _("That device is signed out."))
    return redirect("usersessions_list")


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
