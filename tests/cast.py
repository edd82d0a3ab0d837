"""The fixed cast of the tests: one small practice, the same names everywhere, and a stranger practice next door.

Willow Street: Ada administers; Maya and Tom are therapists; Sol supervises Maya. Maya works with Sam (adult), Ben
(16, guardians Gita and Hugo) and Kit (7, guardian Gwen); Tom works with Lena. Harbour House: Zoe does everything, Yan
is her client. Everybody is invented.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from openrapport.audit.actor import Actor
from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.actions import begin_supervision, found_practice, give_role
from openrapport.practices.models import Practice, Role
from openrapport.relationships.actions import (
    begin_relationship,
    name_guardian,
    record_that_client_was_told_of_supervision,
)
from openrapport.relationships.models import Audience, Relationship

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SETUP = Actor.system("test-setup")


@dataclass(frozen=True)
class Cast:
    willow: Practice
    harbour: Practice
    ada: User
    maya: User
    tom: User
    sol: User
    sam: User
    ben: User
    gita: User
    hugo: User
    kit: User
    gwen: User
    lena: User
    zoe: User
    yan: User
    sam_with_maya: Relationship
    ben_with_maya: Relationship
    kit_with_maya: Relationship
    lena_with_tom: Relationship
    yan_with_zoe: Relationship

    def everybody(self) -> dict[str, User]:
        return {name: value for name, value in vars(self).items() if isinstance(value, User)}


def viewer(user: User | None, *, at: datetime = NOON) -> Viewer:
    return Viewer(user=user, at=at)


def _person(name: str, *, born: date | None = None, email: bool = True) -> User:
    return create_user(
        display_name=f"{name} Example",
        email=f"{name.lower()}@example.test" if email else None,
        language="en",
        time_zone="Europe/Madrid",
        birth_date=born,
        now=NOON - timedelta(days=90),
    )


def _begin(practice: Practice, client: User, therapist: User, audience: Audience) -> Relationship:
    return begin_relationship(
        actor=SETUP,
        practice=practice,
        client=client,
        therapist=therapist,
        audience=audience,
        now=NOON - timedelta(days=80),
    )


def gather_cast() -> Cast:
    began = NOON - timedelta(days=90)
    willow, harbour = (
        found_practice(actor=SETUP, name=name, country="US", time_zone="Europe/Madrid", language="en", now=began)
        for name in ("Willow Street", "Harbour House")
    )
    people = {name: _person(name.title()) for name in ("ada", "maya", "tom", "sol", "gita", "hugo", "gwen", "zoe")}
    people |= {name: _person(name.title(), born=date(1990, 5, 4)) for name in ("sam", "lena", "yan")}
    people["ben"] = _person("Ben", born=date(2009, 9, 1))
    people["kit"] = _person("Kit", born=date(2018, 6, 1), email=False)
    for practice, name, role in (
        (willow, "ada", Role.ADMIN),
        (willow, "maya", Role.THERAPIST),
        (willow, "tom", Role.THERAPIST),
        (willow, "sol", Role.SUPERVISOR),
        (harbour, "zoe", Role.ADMIN),
        (harbour, "zoe", Role.THERAPIST),
        (harbour, "zoe", Role.SUPERVISOR),
    ):
        give_role(actor=SETUP, practice=practice, user=people[name], role=role, now=began)
    begin_supervision(actor=SETUP, practice=willow, supervisor=people["sol"], therapist=people["maya"], now=began)
    for child, guardian in (("ben", "gita"), ("ben", "hugo"), ("kit", "gwen")):
        name_guardian(
            actor=SETUP,
            practice=willow,
            client=people[child],
            guardian=people[guardian],
            has_legal_custody=True,
            now=began,
        )
    cast = Cast(
        willow=willow,
        harbour=harbour,
        **people,
        sam_with_maya=_begin(willow, people["sam"], people["maya"], Audience.ADULT),
        ben_with_maya=_begin(willow, people["ben"], people["maya"], Audience.TEEN),
        kit_with_maya=_begin(willow, people["kit"], people["maya"], Audience.CHILD),
        lena_with_tom=_begin(willow, people["lena"], people["tom"], Audience.ADULT),
        yan_with_zoe=_begin(harbour, people["yan"], people["zoe"], Audience.ADULT),
    )
    record_that_client_was_told_of_supervision(cast.sam_with_maya, actor=SETUP, now=began)
    return cast
