"""Reading relationships: the viewer comes first."""

from datetime import datetime

from django.db.models import QuerySet

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Supervision
from openrapport.practices.queries import supervisions_of
from openrapport.relationships.grants import Action, Tie
from openrapport.relationships.models import WORKING_STATES, Guardianship, Relationship
from openrapport.relationships.policy import (
    born_at_least_18_years_before,
    relationships_by_tie,
    scope,
)


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
    return _tied(viewer, Tie.SUPERVISOR)


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


def guardians_of(relationship: Relationship, *, at: datetime) -> list[User]:
    """Of a minor, for inviting them to their own check-in; not a read of the client's record."""
    born = relationship.client.birth_date
    if born is not None and born <= born_at_least_18_years_before(at):
        return []
    standing = Guardianship.objects.filter(practice=relationship.practice, client=relationship.client, until=None)
    return [g.guardian for g in standing.select_related("guardian").order_by("since", "pk") if g.guardian.is_active]


def supervisors_of(relationship: Relationship) -> list[User]:
    """Who is told when nobody looks, as far as the policy lets them read."""
    return [one.supervisor for one in _supervisions(relationship)]


def has_told_supervisor(relationship: Relationship) -> bool:
    """Is there a supervisor of whom the client was told, who may therefore read what is shared?"""
    told_at = relationship.supervision_told_at
    return told_at is not None and _supervisions(relationship).filter(since__lte=told_at).exists()


def has_untold_supervisor(relationship: Relationship) -> bool:
    """Is there a supervisor who began after the client was last told, or of whom nobody told them?"""
    told_at, standing = relationship.supervision_told_at, _supervisions(relationship)
    return (standing if told_at is None else standing.filter(since__gt=told_at)).exists()


def _supervisions(relationship: Relationship) -> QuerySet[Supervision]:
    """Only people the policy would let read, once the client knows."""
    family = Guardianship.objects.filter(client=relationship.client).values("guardian")
    standing = supervisions_of(relationship.therapist, relationship.practice)
    return standing.exclude(supervisor=relationship.client).exclude(supervisor__in=family)
