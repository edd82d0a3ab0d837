"""Reading relationships: the viewer comes first."""

from django.db.models import QuerySet

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Supervision
from openrapport.practices.queries import supervisions_of
from openrapport.relationships.grants import Action, Tie
from openrapport.relationships.models import WORKING_STATES, Guardianship, Relationship
from openrapport.relationships.policy import relationships_by_tie, scope


def relationships_visible_to(viewer: Viewer) -> QuerySet[Relationship]:
    return scope(viewer, Relationship).select_related("client", "therapist", "practice")


def caseload_of(viewer: Viewer) -> QuerySet[Relationship]:
    """Relationships in which the viewer is the therapist now."""
    return _tied(viewer, Tie.THERAPIST)


def therapies_of(viewer: Viewer) -> QuerySet[Relationship]:
    """Relationships in which the viewer is the client."""
    return _tied(viewer, Tie.CLIENT)


def supervised_by(viewer: Viewer) -> QuerySet[Relationship]:
    """Relationships of the viewer's supervised therapists where the client was told."""
    return _tied(viewer, Tie.SUPERVISOR).filter(supervision_told_at__lte=viewer.at)


def kept_by(viewer: Viewer) -> QuerySet[Relationship]:
    """Relationships in which the viewer was the therapist, while the practice keeps the record."""
    return _tied(viewer, Tie.FORMER_THERAPIST)


def _tied(viewer: Viewer, tie: Tie) -> QuerySet[Relationship]:
    if not viewer.is_somebody:
        return Relationship.objects.none()
    return relationships_by_tie(viewer, tie).select_related("client", "therapist", "practice")


def workable_by(viewer: Viewer) -> QuerySet[Relationship]:
    """Where the viewer may write, and the state takes writes."""
    return scope(viewer, Relationship, Action.WRITE).filter(state__in=WORKING_STATES)


def guardians_of(relationship: Relationship) -> list[User]:
    """For inviting them to their own check-in; not a read of the client's record."""
    standing = Guardianship.objects.filter(practice=relationship.practice, client=relationship.client, until=None)
    return [g.guardian for g in standing.select_related("guardian").order_by("since", "pk") if g.guardian.is_active]


def has_supervisor(relationship: Relationship) -> bool:
    return _supervising(relationship).exists()


def supervisors_of(relationship: Relationship) -> list[User]:
    """Who is told when nobody looks. Only people the policy would let read, once the client knows."""
    return [one.supervisor for one in _supervising(relationship)]


def _supervising(relationship: Relationship) -> QuerySet[Supervision]:
    family = Guardianship.objects.filter(client=relationship.client).values("guardian")
    standing = supervisions_of(relationship.therapist, relationship.practice)
    return standing.exclude(supervisor=relationship.client).exclude(supervisor__in=family)
