"""How somebody who works in the practice stands to one client's record: as therapist, former therapist, supervisor."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Relationship
from openrapport.relationships.queries import caseload_of, kept_by, supervised_by


class Standing(StrEnum):
    THERAPIST = "therapist"
    FORMER_THERAPIST = "former_therapist"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class ClientRecord:
    """One relationship as a member of staff may open it. Clients and guardians have pages of their own."""

    relationship: Relationship
    standing: Standing

    @property
    def may_write(self) -> bool:
        return self.standing == Standing.THERAPIST

    @property
    def takes_sessions(self) -> bool:
        return self.may_write and self.relationship.is_working


def record_of(viewer: Viewer, relationship_pk: UUID) -> ClientRecord | None:
    """None for everybody whose work does not reach this relationship at this moment: clients and guardians too."""
    if not viewer.is_somebody:
        return None
    ways = (
        (Standing.THERAPIST, caseload_of(viewer)),
        (Standing.FORMER_THERAPIST, kept_by(viewer)),
        (Standing.SUPERVISOR, supervised_by(viewer)),
    )
    for standing, reachable in ways:
        relationship = reachable.filter(pk=relationship_pk).first()
        if relationship is not None:
            return ClientRecord(relationship, standing)
    return None
