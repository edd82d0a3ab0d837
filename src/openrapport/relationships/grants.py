"""The vocabulary of access: how somebody stands to a relationship, and what that opens. Pure data, no Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Tie(StrEnum):
    """How a viewer stands to a relationship at this moment."""

    CLIENT = "client"
    GUARDIAN = "guardian"
    THERAPIST = "therapist"
    FORMER_THERAPIST = "former_therapist"
    SUPERVISOR = "supervisor"  # one of whom the client was told
    ADMIN = "admin"


class Action(StrEnum):
    READ = "read"
    WRITE = "write"
    STATUS = "status"


READ = frozenset({Action.READ})
WRITE = frozenset({Action.WRITE})
READ_WRITE = READ | WRITE
STATUS = frozenset({Action.STATUS})


@dataclass(frozen=True)
class Grant:
    """One sentence of the policy: who (tie), what (actions), and only where these hold.

    where        field look-ups on the object
    own          name of the field that must be the viewer
    visible_at   name of a date field that must lie at or before the viewer's moment
    before_end   name of a date field that must lie at or before the end of the relationship
    """

    tie: Tie | None
    actions: frozenset[Action]
    where: Mapping[str, object] = field(default_factory=dict)
    own: str | None = None
    visible_at: str | None = None
    before_end: str | None = None


@dataclass(frozen=True)
class ObjectRules:
    """What is granted on one kind of object. What no grant opens stays shut.

    relationship  look-up path from the object to its relationship ("pk" for the relationship itself)
    follows       instead of grants: the object is readable where this parent is
    """

    relationship: str = ""
    grants: tuple[Grant, ...] = ()
    follows: str | None = None
