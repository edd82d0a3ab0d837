"""Reading practices and roles: the viewer comes first."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Invitation, Membership, Practice, PracticeRules, Role, Supervision
from openrapport.shared.prepared import Prepared


def rules_of(practice: Practice) -> PracticeRules:
    """The rules in force: the newest version."""
    newest = _NEWEST_RULES.first(practice=practice.pk)
    if newest is None:
        raise PracticeRules.DoesNotExist(f"practice {practice.pk} has no rules; setup makes the first version")
    return newest


def _newest_rules(*, practice: UUID) -> QuerySet[PracticeRules]:
    return PracticeRules.objects.filter(practice=practice).order_by("-version")[:1]


_NEWEST_RULES = Prepared(_newest_rules, practice=UUID)


def feedback_missing_after(practice: UUID) -> int:
    """One number of the rules in force, for what is asked with every answer."""
    ((sessions,),) = _FEEDBACK_MISSING_AFTER.rows(practice=practice)
    return sessions


_FEEDBACK_MISSING_AFTER: Prepared[tuple[int]] = Prepared(
    lambda practice: _newest_rules(practice=practice).values_list("feedback_missing_after_sessions"), practice=UUID
)


def roles_of(viewer: Viewer) -> frozenset[Role]:
    if not viewer.is_somebody:
        return frozenset()
    held = Membership.objects.filter(user=viewer.user, until=None).values_list("role", flat=True)
    return frozenset(Role(role) for role in held)


def is_staff_member(user: User) -> bool:
    return Membership.objects.filter(user=user, until=None).exists()


def practices_administered_by(viewer: Viewer) -> QuerySet[Practice]:
    return _practices_with_role(viewer, Role.ADMIN)


def practices_of_therapist(viewer: Viewer) -> QuerySet[Practice]:
    return _practices_with_role(viewer, Role.THERAPIST)


def _practices_with_role(viewer: Viewer, role: Role) -> QuerySet[Practice]:
    if not viewer.is_somebody:
        return Practice.objects.none()
    held = Membership.objects.filter(user=viewer.user, role=role, until=None, practice=OuterRef("pk"))
    return Practice.objects.filter(Exists(held)).order_by("name", "pk")


def members_administered_by(viewer: Viewer) -> QuerySet[Membership]:
    """Roles in the viewer's practices, past ones too."""
    mine = practices_administered_by(viewer).values("pk")
    return Membership.objects.filter(practice__in=mine).select_related("user", "practice").order_by("since")


def supervisions_administered_by(viewer: Viewer) -> QuerySet[Supervision]:
    mine = practices_administered_by(viewer).values("pk")
    standing = Supervision.objects.filter(practice__in=mine, until=None)
    return standing.select_related("supervisor", "therapist")


def supervisions_of(therapist: User, practice: Practice) -> QuerySet[Supervision]:
    """Those that stand, of people who hold the role now: for deeds that tell a supervisor, or tell of one."""
    holds_role = Membership.objects.filter(
        practice=OuterRef("practice"), user=OuterRef("supervisor"), role=Role.SUPERVISOR, until=None
    )
    standing = Supervision.objects.filter(
        Exists(holds_role), practice=practice, therapist=therapist, until=None, supervisor__is_active=True
    )
    return standing.select_related("supervisor").order_by("since", "pk")


def invitations_managed_by(viewer: Viewer) -> QuerySet[Invitation]:
    """Administrators see the invitations of staff, and whoever invited somebody sees that invitation."""
    if not viewer.is_somebody:
        return Invitation.objects.none()
    staff_of_mine = Invitation.objects.filter(
        practice__in=practices_administered_by(viewer).values("pk"),
        invited_as__in=(Role.THERAPIST, Role.SUPERVISOR, Role.ADMIN),
    )
    own = Invitation.objects.filter(
        invited_by=viewer.user, practice__in=Membership.objects.filter(user=viewer.user, until=None).values("practice")
    )
    return (staff_of_mine | own).distinct().select_related("practice", "therapist", "client").order_by("-created_at")


def open_invitation(token_hash: str, *, now: datetime) -> Invitation | None:
    """The invitation a link stands for, while it can still be accepted."""
    return (
        Invitation.objects.filter(token_hash=token_hash, accepted_at=None, revoked_at=None, expires_at__gt=now)
        .select_related("practice", "therapist", "client")
        .first()
    )
