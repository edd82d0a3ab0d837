"""Reading check-ins: the viewer comes first, and this is the only way in."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet

from openrapport.checkins.models import Answer, CheckIn, CheckInPass, PassKind, RespondentRole, Score
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import WORKING_STATES, Relationship
from openrapport.relationships.policy import scope


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


def due_for(viewer: Viewer) -> QuerySet[CheckIn]:
    """Check-ins that wait for the viewer's own answers, while the relationship takes new writes."""
    return (
        own_check_ins(viewer)
        .filter(submitted_at=None, relationship__state__in=WORKING_STATES)
        .order_by("-session__starts_at")
    )


def own_check_ins(viewer: Viewer) -> QuerySet[CheckIn]:
    """Everything the viewer was asked or has answered."""
    if not viewer.is_somebody:
        return CheckIn.objects.none()
    return CheckIn.objects.filter(respondent=viewer.user).select_related(
        "session", "relationship__therapist", "relationship__client", "relationship__practice"
    )


def shared_with_therapist(relationship: Relationship, *, at: datetime) -> QuerySet[CheckIn]:
    """What the relationship's therapist may read at this moment, by the policy. Signals rest on nothing else."""
    therapist = Viewer(user=relationship.therapist, at=at)
    readable = check_ins_visible_to(therapist).filter(relationship=relationship)
    return readable.filter(role__in=RespondentRole.values).order_by("session__number")


def check_in_behind(secret_hash: str, *, kind: PassKind, now: datetime) -> CheckInPass | None:
    """The pass a link or a kiosk code stands for, while it is valid and the relationship takes new writes."""
    return (
        CheckInPass.objects.filter(
            secret_hash=secret_hash,
            kind=kind,
            used_at=None,
            revoked_at=None,
            expires_at__gt=now,
            check_in__submitted_at=None,
            check_in__relationship__state__in=WORKING_STATES,
            check_in__respondent__is_active=True,
        )
        .select_related("check_in__respondent", "check_in__session", "check_in__relationship__therapist")
        .first()
    )
