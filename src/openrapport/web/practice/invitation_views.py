"""Invitations sent: their state, sending one again, taking one back."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from openrapport.practices.actions import InvitationClosed
from openrapport.practices.models import Role
from openrapport.practices.queries import invitations_managed_by
from openrapport.web.practice.fresh_link import keep_link, take_link
from openrapport.web.practice.page import InvitationState, invitation_row, practice_tabs
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.invite_by_mail import link_of, send_invitation_again, take_back_invitation

STATES = {
    InvitationState.PENDING: gettext_lazy("Waiting"),
    InvitationState.EXPIRED: gettext_lazy("Ran out"),
    InvitationState.ACCEPTED: gettext_lazy("Accepted"),
    InvitationState.REVOKED: gettext_lazy("Taken back"),
}
A_PAGE = 30


@require_safe
@signed_in
def invitations(request: SignedInRequest) -> HttpResponse:
    may_invite(request)
    show = request.GET.get("show", "")
    rows = [invitation_row(one, now=request.viewer.at) for one in invitations_managed_by(request.viewer)]
    shown = [row for row in rows if show in ("", row.state)]
    context = {
        "tabs": practice_tabs(request) if Role.ADMIN in request.roles else [],
        "page": Paginator(shown, A_PAGE).get_page(request.GET.get("page")),
        "show": show,
        "filters": [("", _("All")), *((state.value, label) for state, label in STATES.items())],
        "fresh": take_link(request),
        "mail_goes_to_folder": settings.MAIL_GOES_TO_FOLDER,
        "is_admin": Role.ADMIN in request.roles,
        "is_therapist": Role.THERAPIST in request.roles,
    }
    return render(request, "practice/invitations.html", context)


@require_POST
@signed_in
def again(request: SignedInRequest, pk: UUID) -> HttpResponse:
    invitation = get_object_or_404(invitations_managed_by(request.viewer), pk=pk)
    try:
        invited = send_invitation_again(invitation, actor=request.actor, now=request.viewer.at)
    except InvitationClosed:
        messages.error(request, _("This invitation was accepted or taken back already."))
    else:
        keep_link(request, invitation.name, link_of(invited))
        messages.success(request, _("A new mail is on its way. The older link does not work any more."))
    return redirect("practice_invitations")


@require_POST
@signed_in
def take_back(request: SignedInRequest, pk: UUID) -> HttpResponse:
    invitation = get_object_or_404(invitations_managed_by(request.viewer), pk=pk)
    try:
        take_back_invitation(invitation, actor=request.actor, now=request.viewer.at)
    except InvitationClosed:
        messages.error(request, _("This invitation was accepted or taken back already."))
    else:
        messages.success(request, _("Taken back. The link does not work any more."))
    return redirect("practice_invitations")


def may_invite(request: SignedInRequest) -> None:
    if not request.roles & {Role.ADMIN, Role.THERAPIST}:
        raise Http404
