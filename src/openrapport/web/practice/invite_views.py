"""Inviting: staff by an administrator; clients, and guardians of young clients, by their therapist."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openrapport.practices.actions import Invited
from openrapport.practices.models import Invitation, InvitedAs, Membership, Practice, Role
from openrapport.practices.queries import practices_of_therapist
from openrapport.relationships.models import Audience, Relationship
from openrapport.relationships.queries import caseload_of, guardians_of
from openrapport.web.practice.forms import InviteClientForm, InviteGuardianForm, InviteStaffForm
from openrapport.web.practice.fresh_link import keep_link
from openrapport.web.practice.page import chosen_practice
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.invite_by_mail import link_of
from openrapport.workflows.invite_client import (
    AddressNeeded,
    AddressOfGuardian,
    AlreadyTogether,
    NewClient,
    OwnAddress,
    invite_client,
    local_day,
)
from openrapport.workflows.invite_guardian import AddressOfClient, AlreadyGuardian, invite_guardian
from openrapport.workflows.invite_staff import invite_staff

BOTH_WAYS = ["GET", "HEAD", "POST"]


@require_http_methods(BOTH_WAYS)
@signed_in
def staff(request: SignedInRequest) -> HttpResponse:
    practice = chosen_practice(request)
    form = InviteStaffForm(request.POST or None, initial={"language": practice.language})
    if form.is_valid() and _is_new_to(practice, form):
        given = form.cleaned_data
        invited = invite_staff(
            actor=request.actor,
            practice=practice,
            role=Role(given["role"]),
            name=given["name"],
            email=given["email"],
            language=given["language"],
            now=request.viewer.at,
        )
        return _done(request, invited)
    return _ask(request, "practice/invite_staff.html", form, {"practice": practice})


def _is_new_to(practice: Practice, form: InviteStaffForm) -> bool:
    role, email = form.cleaned_data["role"], form.cleaned_data["email"]
    held = Membership.objects.filter(practice=practice, role=role, until=None, user__email__iexact=email)
    if held.exists():
        form.add_error("email", _("Somebody with this address has this role already."))
    elif _is_waiting(form, practice=practice, invited_as=role, email=email):
        return False
    return form.is_valid()


def _is_waiting(form: forms.Form, **wanted: object) -> bool:
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None, **wanted).exists()
    if waiting:
        form.add_error("email", _("This address was invited already. You can send that invitation again."))
    return waiting


@require_http_methods(BOTH_WAYS)
@signed_in
def client(request: SignedInRequest) -> HttpResponse:
    practices = {str(one.pk): one for one in practices_of_therapist(request.viewer)}
    if not practices:
        raise Http404
    first = next(iter(practices.values()))
    form = InviteClientForm(
        request.POST or None,
        initial={"language": first.language, "practice": str(first.pk)},
        practices=[(pk, one.name) for pk, one in practices.items()],
        today=local_day(first, request.viewer.at),
    )
    if form.is_valid():
        practice = practices.get(form.cleaned_data["practice"], first)
        outcome = _invite_client(request, practice, form)
        if isinstance(outcome, Relationship):
            messages.success(request, _("Ready. Answers are given on your device, with a code from this page."))
            return redirect("client_page", pk=outcome.pk)
        if outcome is not None:
            return _done(request, outcome)
    return _ask(request, "practice/invite_client.html", form, {})


def _invite_client(
    request: SignedInRequest, practice: Practice, form: InviteClientForm
) -> Invited | Relationship | None:
    """None when it was refused; the reason then stands at the field."""
    given = form.cleaned_data
    new = NewClient(given["name"], given["email"], given["birth_date"], given["language"])
    if new.email and _is_waiting(
        form, practice=practice, invited_as=InvitedAs.CLIENT, email=new.email, therapist=request.viewer.user
    ):
        return None
    try:
        return invite_client(actor=request.actor, practice=practice, client=new, now=request.viewer.at)
    except AddressNeeded:
        form.add_error("email", _("From 13 years on an address of their own is needed."))
    except AddressOfGuardian:
        form.add_error(
            "email",
            _("A parent or guardian uses this address. A young person needs their own, so answers stay private."),
        )
    except AlreadyTogether:
        form.add_error("email", _("You work with somebody with this address already."))
    except OwnAddress:
        form.add_error("email", _("This is your own address."))
    return None


@require_http_methods(BOTH_WAYS)
@signed_in
def guardian(request: SignedInRequest, pk: UUID) -> HttpResponse:
    relationship = get_object_or_404(caseload_of(request.viewer).exclude(audience=Audience.ADULT), pk=pk)
    form = InviteGuardianForm(request.POST or None, initial={"language": relationship.practice.language})
    if form.is_valid():
        invited = _invite_guardian(request, relationship, form)
        if invited is not None:
            return _done(request, invited)
    context = {"relationship": relationship, "guardians": guardians_of(relationship, at=request.viewer.at)}
    return _ask(request, "practice/invite_guardian.html", form, context)


def _invite_guardian(request: SignedInRequest, relationship: Relationship, form: InviteGuardianForm) -> Invited | None:
    given = form.cleaned_data
    if _is_waiting(form, invited_as=InvitedAs.GUARDIAN, client=relationship.client, email=given["email"]):
        return None
    try:
        return invite_guardian(actor=request.actor, relationship=relationship, now=request.viewer.at, **given)
    except AddressOfClient:
        form.add_error(
            "email",
            _("%(client)s uses this address. A parent needs another one, so that answers stay private.")
            % {"client": relationship.client.short_name},
        )
    except AlreadyGuardian:
        form.add_error("email", _("Somebody with this address is a guardian here already."))
    except OwnAddress:
        form.add_error("email", _("This is your own address."))
    return None


def _done(request: SignedInRequest, invited: Invited) -> HttpResponse:
    keep_link(request, invited.invitation.name, link_of(invited))
    messages.success(request, _("The invitation for %(name)s is on its way.") % {"name": invited.invitation.name})
    return redirect("practice_invitations")


def _ask(request: SignedInRequest, template: str, form: forms.Form, context: dict[str, object]) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=422 if form.is_bound else 200)
