"""What the pages of the practice show: people with their roles, invitations with their state. No content of clients."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Invitation, Membership, Practice, Role, Supervision
from openrapport.practices.queries import (
    members_administered_by,
    practices_administered_by,
    supervisions_administered_by,
)
from openrapport.web.components.parts import NavItem
from openrapport.web.requests import SignedInRequest


class InvitationState(StrEnum):
    PENDING = "pending"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


@dataclass(frozen=True)
class PersonRow:
    pk: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    is_active: bool


@dataclass(frozen=True)
class PersonPage:
    person: User
    practice: Practice
    held: tuple[Membership, ...]
    past: tuple[Membership, ...]
    may_be_given: tuple[tuple[str, str], ...]
    supervised_by: tuple[Supervision, ...]
    supervises: tuple[Supervision, ...]
    may_supervise: tuple[tuple[str, str], ...]
    is_therapist: bool


@dataclass(frozen=True)
class InvitationRow:
    pk: UUID
    name: str
    email: str
    invited_as: str
    state: InvitationState
    created_at: datetime
    expires_at: datetime
    times_sent: int
    is_open: bool


def chosen_practice(request: SignedInRequest) -> Practice:
    """The practice of this page: most administrators have one; whoever has more chooses by `practice`."""
    mine = list(practices_administered_by(request.viewer))
    wanted = request.GET.get("practice") or request.POST.get("practice")
    found = [one for one in mine if wanted in (None, "", str(one.pk))]
    if not found:
        raise Http404
    return found[0]


def practice_tabs(request: HttpRequest) -> list[NavItem]:
    places = (
        ("practice_people", _("People")),
        ("practice_invitations", _("Invitations")),
        ("practice_settings", _("Rules")),
    )
    return [
        NavItem(url=reverse(name), label=label, current=request.path.startswith(reverse(name)))
        for name, label in places
    ]


def people_rows(viewer: Viewer, practice: Practice, *, search: str, show: str) -> list[PersonRow]:
    by_person: dict[UUID, list[Membership]] = {}
    for membership in members_administered_by(viewer).filter(practice=practice):
        by_person.setdefault(membership.user_id, []).append(membership)
    rows = [_person_row(memberships) for memberships in by_person.values()]
    found = [row for row in rows if _matches(row, search) and _is_shown(row, by_person[row.pk], show)]
    return sorted(found, key=lambda row: (not row.is_active, not row.roles, row.name.casefold()))


def _person_row(memberships: list[Membership]) -> PersonRow:
    person = memberships[0].user
    return PersonRow(
        pk=person.pk,
        name=person.display_name,
        email=person.email or "",
        roles=tuple(one.get_role_display() for one in _in_order(memberships) if one.until is None),
        is_active=person.is_active,
    )


def _matches(row: PersonRow, search: str) -> bool:
    return search.casefold() in f"{row.name} {row.email}".casefold()


def _is_shown(row: PersonRow, memberships: list[Membership], show: str) -> bool:
    if show == "closed":
        return not row.is_active
    if show in Role.values:
        return any(one.role == show and one.until is None for one in memberships)
    return True


def _in_order(memberships: Iterable[Membership]) -> list[Membership]:
    return sorted(memberships, key=lambda one: Role.values.index(one.role))


def person_page(viewer: Viewer, practice: Practice, pk: UUID) -> PersonPage:
    theirs = list(members_administered_by(viewer).filter(practice=practice, user=pk))
    if not theirs:
        raise Http404
    person = theirs[0].user
    held = tuple(_in_order(one for one in theirs if one.until is None))
    supervisions = supervisions_administered_by(viewer).filter(practice=practice)
    supervised_by = tuple(supervisions.filter(therapist=person))
    roles = {one.role for one in held}
    return PersonPage(
        person=person,
        practice=practice,
        held=held,
        past=tuple(one for one in theirs if one.until is not None),
        may_be_given=tuple((value, str(label)) for value, label in Role.choices if value not in roles),
        supervised_by=supervised_by,
        supervises=tuple(supervisions.filter(supervisor=person)),
        may_supervise=_may_supervise(viewer, practice, person, already={one.supervisor_id for one in supervised_by}),
        is_therapist=Role.THERAPIST in roles,
    )


def _may_supervise(
    viewer: Viewer, practice: Practice, person: User, *, already: set[UUID]
) -> tuple[tuple[str, str], ...]:
    supervisors = members_administered_by(viewer).filter(
        practice=practice, role=Role.SUPERVISOR, until=None, user__is_active=True
    )
    others = supervisors.exclude(user=person).exclude(user__in=already)
    return tuple((str(one.user_id), one.user.display_name) for one in others.order_by("user__display_name"))


def state_of(invitation: Invitation, *, now: datetime) -> InvitationState:
    if invitation.accepted_at is not None:
        return InvitationState.ACCEPTED
    if invitation.revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.EXPIRED if invitation.expires_at <= now else InvitationState.PENDING


def invitation_row(invitation: Invitation, *, now: datetime) -> InvitationRow:
    state = state_of(invitation, now=now)
    return InvitationRow(
        pk=invitation.pk,
        name=invitation.name,
        email=invitation.email,
        invited_as=invitation.get_invited_as_display(),
        state=state,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        times_sent=invitation.times_sent,
        is_open=state in {InvitationState.PENDING, InvitationState.EXPIRED},
    )
