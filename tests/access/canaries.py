"""Finding in a text what its reader may not know: names, addresses, words, notes, reasons, and ids of rows."""

import re
from collections.abc import Iterator
from functools import cache, cached_property
from uuid import UUID

from openrapport.checkins.models import CheckIn
from tests.access.extras import INVITATIONS, READINGS, Extra
from tests.access.people import (
    CLIENTS,
    GUARDIANS,
    HARBOUR,
    PAST_GUARDIANS,
    RELATIONSHIPS,
    ROLES,
    STAFF,
    STANDINGS,
    SUPERVISIONS,
    WILLOW,
)
from tests.access.readers import PRACTICES_ADMINISTERED, ROLES_HELD
from tests.access.world import Thing, World, may

_PEOPLE = "|".join((*CLIENTS, *STAFF, *GUARDIANS))
_INVITED = "|".join(label.replace(" ", "") for label in INVITATIONS)
# Spelled out: random letters, as in the token of a form, are no canaries.
NAME = re.compile(rf"z[fqm]({_PEOPLE})[fqm]z", re.IGNORECASE)
ADDRESS = re.compile(rf"zm({_PEOPLE})mz", re.IGNORECASE)
WORDS = re.compile(r"zx-[a-z_-]+?-xz", re.IGNORECASE)
INVITED = re.compile(rf"zi(?:{_INVITED})iz", re.IGNORECASE)
PRACTICE = re.compile(rf"zp({WILLOW}|{HARBOUR})pz", re.IGNORECASE)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ANY = re.compile("|".join(one.pattern for one in (NAME, WORDS, INVITED, PRACTICE)), re.IGNORECASE)

READS_THE_RECORD = {"therapist", "old therapist", "supervisor"}
GUARDIAN = {"guardian"}


def _found(pattern: re.Pattern[str], text: str) -> set[str]:
    return {match.group(match.lastindex or 0).lower() for match in pattern.finditer(text)}


class Canaries:
    """Who may come across what, worked out once from the reviewed tables."""

    def __init__(self, world: World, extras: dict[str, Extra]) -> None:
        self.world, self.extras = world, extras

    def leaks_in(self, text: str, person: str, *, asked: frozenset[UUID] = frozenset()) -> Iterator[str]:
        """`asked` are the ids in the address itself: hearing those back tells nothing."""
        for found in _found(NAME, text) - self.known_to(person):
            yield f"the name of {found}"
        for found in _found(ADDRESS, text) - self.colleagues_of(person) - {person}:
            yield f"the address of {found}"
        for word in _found(WORDS, text) - self.words_read_by(person):
            yield f"the words {word}"
        for word in _found(INVITED, text) - self.invited_known_to(person):
            yield f"the invitation {word}"
        for found in _found(PRACTICE, text) - self.practices_known_to(person):
            yield f"the practice {found}"
        for pk in {UUID(one) for one in _found(ID, text)} - asked:
            thing = self.by_id.get(pk)
            if thing is not None and not may(person, "read", thing):
                yield f"the id of {type(thing.obj).__name__} ({thing.kind}, {thing.relationship})"

    @cache  # noqa: B019 - as long as the module's world
    def words_read_by(self, person: str) -> set[str]:
        return {word for thing in self.world.things for word in thing.canaries if may(person, "read", thing)}

    def invited_known_to(self, person: str) -> set[str]:
        return {word for extra in self.extras.values() if person in extra.readers for word in extra.canaries}

    @cached_property
    def by_id(self) -> dict[UUID, Thing]:
        return {thing.obj.pk: thing for thing in self.world.things}

    @cache  # noqa: B019
    def known_to(self, person: str) -> set[str]:
        """Whose name somebody may read. By hand: who works together knows each other, families know their own."""
        if person in ("", "dora"):
            return set()
        mine = PRACTICES_ADMINISTERED.get(person, set())
        known = {person} | self.colleagues_of(person)
        known |= {supervisor for practice, supervisor, _, stands in SUPERVISIONS if practice in mine and stands}
        for label, standings in STANDINGS.items():
            _, client, therapist, _, _, _ = RELATIONSHIPS[label]
            mine = set(standings.get(person, ()))
            if mine & {"client", "guardian"} or PAST_GUARDIANS.get(person) == label:
                known.add(therapist)
            if mine & GUARDIAN:
                known.add(client)
            if mine & READS_THE_RECORD:
                known |= {client, therapist, *self._authors_read_by(person, label)}
        known |= {actor for actor, subject, _, readers in READINGS.values() if person in readers and subject == person}
        return known

    def _authors_read_by(self, person: str, label: str) -> set[str]:
        return {one.author for one in self.world.of(CheckIn) if one.relationship == label and may(person, "read", one)}

    def colleagues_of(self, person: str) -> set[str]:
        """Administrators know who works, or worked, in their practice, with their addresses."""
        mine = PRACTICES_ADMINISTERED.get(person, set())
        return {name for practice, name, _, _ in ROLES if practice in mine}

    def practices_known_to(self, person: str) -> set[str]:
        if person not in ROLES_HELD and person not in self.world.people:
            return set()
        known = {practice for practice, name, _, stands in ROLES if name == person and stands}
        known |= {RELATIONSHIPS[label][0] for label, standings in STANDINGS.items() if person in standings}
        return known | {practice for practice, supervisor, _, stands in SUPERVISIONS if supervisor == person and stands}
