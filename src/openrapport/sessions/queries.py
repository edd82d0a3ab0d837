"""Reading sessions: the viewer comes first."""

from django.db.models import QuerySet

from openrapport.people.viewer import Viewer
from openrapport.relationships.policy import scope
from openrapport.sessions.models import TherapySession


def sessions_visible_to(viewer: Viewer) -> QuerySet[TherapySession]:
    return scope(viewer, TherapySession).select_related("relationship")
