"""Who works in the practice: their roles, who guides whom, and closing an account without deleting anything."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrapport.people.models import User
from openrapport.practices.actions import LastAdministrator, begin_supervision, end_supervision, give_role
from openrapport.practices.models import Membership, Practice, Role
from openrapport.practices.queries import (
    members_administered_by,
    practices_administered_by,
    supervisions_administered_by,
)
from openrapport.web.practice.forms import RoleForm, SupervisorForm
from openrapport.web.practice.page import PersonPage, chosen_practice, people_rows, person_page, practice_tabs
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.deactivate_person import deactivate_person, reactivate_person
from openrapport.workflows.end_staff_role import end_staff_role


@require_safe
@signed_in
def people(request: SignedInRequest) -> HttpResponse:
    practice = chosen_practice(request)
    search, show = request.GET.get("q", "").strip(), request.GET.get("show", "")
    context = {
        "practice": practice,
        "practices": practices_administered_by(request.viewer),
        "tabs": practice_tabs(request),
        "rows": people_rows(request.viewer, practice, search=search, show=show),
        "search": search,
        "show": show,
        "filters": [("", _("Everybody")), *Role.choices, ("closed", _("Closed accounts"))],
    }
    return render(request, "practice/people.html", context)


@require_safe
@signed_in
def person(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return render(request, "practice/person.html", {"page": _page(request, pk), "me": request.viewer.user})


@require_POST
@signed_in
def give(request: SignedInRequest, pk: UUID) -> HttpResponse:
    page = _page(request, pk)
    form = RoleForm(request.POST)
    if form.is_valid() and page.person.is_active:
        role = Role(form.cleaned_data["role"])
        give_role(actor=request.actor, practice=page.practice, user=page.person, role=role, now=request.viewer.at)
        messages.success(request, _("Role given: %(role)s.") % {"role": role.label})
    else:
        messages.error(request, _("Choose a role. A closed account gets none until it is open again."))
    return redirect("practice_person", pk=pk)


@require_POST
@signed_in
def end(request: SignedInRequest, pk: UUID) -> HttpResponse:
    membership = get_object_or_404(members_administered_by(request.viewer).filter(until=None), pk=pk)
    try:
        end_staff_role(membership, actor=request.actor, now=request.viewer.at)
    except LastAdministrator:
        messages.error(request, _last_administrator(membership.practice))
        return redirect("practice_person", pk=membership.user_id)
    messages.success(request, _("Role ended: %(role)s.") % {"role": membership.get_role_display()})
    still_admin = practices_administered_by(request.viewer).filter(pk=membership.practice_id).exists()
    return redirect("practice_person", pk=membership.user_id) if still_admin else redirect("home")


@require_POST
@signed_in
def assign_supervisor(request: SignedInRequest, pk: UUID) -> HttpResponse:
    page = _page(request, pk)
    form = SupervisorForm(request.POST, supervisors=list(page.may_supervise))
    if page.is_therapist and form.is_valid():
        supervisor = User.objects.get(pk=form.cleaned_data["supervisor"])
        begin_supervision(
            actor=request.actor,
            practice=page.practice,
            supervisor=supervisor,
            therapist=page.person,
            now=request.viewer.at,
        )
        messages.success(
            request,
            _("%(supervisor)s now guides %(therapist)s. Clients have to be told before anything of theirs is read.")
            % {"supervisor": supervisor.display_name, "therapist": page.person.display_name},
        )
    else:
        messages.error(request, _("Choose a supervisor of this practice."))
    return redirect("practice_person", pk=pk)


@require_POST
@signed_in
def end_assignment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    supervision = get_object_or_404(supervisions_administered_by(request.viewer), pk=pk)
    end_supervision(supervision, actor=request.actor, now=request.viewer.at)
    messages.success(request, _("Supervision ended."))
    return redirect("practice_person", pk=supervision.therapist_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def close(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Asks once, on a page of its own; then signs the person out everywhere."""
    page = _page(request, pk)
    if not page.person.is_active:
        return redirect("practice_person", pk=pk)
    if _works_elsewhere(request, page.person):
        messages.error(
            request,
            _("This account works in another practice too, so you cannot close it. End its roles here instead."),
        )
        return redirect("practice_person", pk=pk)
    if request.method != "POST":
        return render(request, "practice/close_account.html", {"page": page})
    try:
        deactivate_person(page.person, actor=request.actor, practice=page.practice, now=request.viewer.at)
    except LastAdministrator:
        messages.error(request, _last_administrator(page.practice))
        return redirect("practice_person", pk=pk)
    messages.success(request, _("The account is closed. Nothing was deleted."))
    return redirect("practice_person", pk=pk)


@require_POST
@signed_in
def reopen(request: SignedInRequest, pk: UUID) -> HttpResponse:
    page = _page(request, pk)
    if not page.person.is_active and not _works_elsewhere(request, page.person):
        reactivate_person(page.person, actor=request.actor, practice=page.practice, now=request.viewer.at)
        messages.success(request, _("The account is open again."))
    return redirect("practice_person", pk=pk)


def _page(request: SignedInRequest, pk: UUID) -> PersonPage:
    """The person as a member of a practice the viewer administers; anybody else is not there."""
    shared = practices_administered_by(request.viewer).filter(memberships__user=pk).distinct()
    wanted = request.GET.get("practice") or request.POST.get("practice")
    fitting = [one for one in shared if wanted in (None, "", str(one.pk))]
    if not fitting:
        raise Http404
    return person_page(request.viewer, fitting[0], pk)


def _works_elsewhere(request: SignedInRequest, person: User) -> bool:
    """An account is closed for every practice, so no administrator closes it over the heads of another."""
    mine = practices_administered_by(request.viewer).values("pk")
    return Membership.objects.filter(user=person, until=None).exclude(practice__in=mine).exists()


def _last_administrator(practice: Practice) -> str:
    return _("%(practice)s needs at least one administrator. Give somebody else that role first.") % {
        "practice": practice.name
    }
