"""Reading check-ins: the viewer comes first, and this is the only way in."""

from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from openrapport.checkins.models import Answer, CheckIn, CheckInPass, Drawing, PassKind, RespondentRole, Score
from openrapport.people.viewer import Viewer
from openrapport.relationships.grants import Action
from openrapport.relationships.models import WORKING_STATES, Relationship
from openrapport.relationships.policy import can, can_as_client, scope
from openrapport.shared.prepared import Prepared

# To be fetched where drawings are shown. The images stay behind: each is opened by itself, at its own address.
WITH_DRAWINGS = Prefetch("drawings", queryset=Drawing.objects.defer("image").order_by("pk"))

_WITH = ("session", "relationship__therapist", "relationship__client", "relationship__practice")


def check_ins_visible_to(viewer: Viewer) -> QuerySet[CheckIn]:
    """Sent check-ins the viewer may read, with answers and scores."""
    return (
        scope(viewer, CheckIn)
        .filter(submitted_at__isnull=False)
        .select_related("session", "relationship", "respondent")
        .prefetch_related(
            Prefetch("answers", queryset=Answer.objects.order_by("pk")),
            Prefetch("scores", queryset=Score.objects.order_by("pk")),
        )
    )


def drawings_visible_to(viewer: Viewer) -> QuerySet[Drawing]:
    """Drawings in check-ins the viewer may read."""
    return scope(viewer, Drawing).select_related("check_in")


def due_for(viewer: Viewer) -> QuerySet[CheckIn]:
    """Check-ins that wait for the viewer's own answers, while the relationship takes new writes."""
    return (
        scope(viewer, CheckIn, Action.WRITE)
        .filter(relationship__state__in=WORKING_STATES)
        .select_related(*_WITH)
        .order_by("-session__starts_at")
    )


def own_check_ins(viewer: Viewer) -> QuerySet[CheckIn]:
    """Everything the viewer was asked or has answered."""
    if not viewer.is_somebody:
        return CheckIn.objects.none()
    return CheckIn.objects.filter(respondent=viewer.user).select_related(*_WITH)


def shared_with_therapist(relationship: Relationship, *, at: datetime) -> QuerySet[CheckIn]:
    """What the relationship's therapist may read at this moment, by the policy. Signals rest on nothing else."""
    therapist = Viewer(user=relationship.therapist, at=at)
    readable = check_ins_visible_to(therapist).filter(relationship=relationship)
    return readable.filter(role__in=RespondentRole.values).order_by("session__number")


def _valid_pass(*, secret_hash: str, kind: str, now: datetime) -> QuerySet[CheckInPass]:
    return CheckInPass.objects.filter(
        secret_hash=secret_hash,
        kind=kind,
        used_at=None,
        revoked_at=None,
        expires_at__gt=now,
        check_in__relationship__state__in=WORKING_STATES,
    ).select_related("check_in__respondent", "check_in__session", "check_in__relationship__therapist")


_VALID_PASS = Prepared(_valid_pass, secret_hash=str, kind=str, now=datetime)


def check_in_behind(secret_hash: str, *, kind: PassKind, now: datetime) -> CheckInPass | None:
    """The pass a link or a kiosk code stands for, while it is valid and whoever was asked may still answer."""
    found = _VALID_PASS.first(secret_hash=secret_hash, kind=str(kind), now=now)
    if found is None or not _may_go_on(found.check_in, kind=kind, now=now):
        return None
    return found


def _may_go_on(check_in: CheckIn, *, kind: PassKind, now: datetime) -> bool:
    """A code that stopped working would tell the therapist of an answer that was kept from them. So on a handed-over
    device the form opens all the same, and whoever sends it again reads that it was sent before."""
    respondent = check_in.respondent
    sent_before = kind == PassKind.KIOSK and check_in.is_submitted
    if sent_before:
        return respondent.is_active
    viewer = Viewer(respondent, at=now)
    return can_as_client(viewer, Action.WRITE, check_in, check_in.relationship) or can(viewer, Action.WRITE, check_in)


def pass_spent_on(secret_hash: str, *, kind: PassKind, key: UUID) -> CheckInPass | None:
    """The used pass behind which this very submission was recorded: sending it a second time finds it again."""
    return (
        CheckInPass.objects.filter(
            secret_hash=secret_hash, kind=kind, used_at__isnull=False, check_in__submission_key=key
        )
        .select_related("check_in__respondent", "check_in__session", "check_in__relationship__therapist")
        .first()
    )
