"""What an address with an id is asked about: rows of each kind, with the label under which a failure names them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Model

from openrapport.checkins.models import CheckIn, Drawing
from openrapport.practices.models import Membership, Supervision
from openrapport.relationships.models import Audience, Relationship, State
from openrapport.signals.models import Signal
from tests.access.extras import Extra
from tests.access.people import RELATIONSHIPS, ROLES, STANDINGS
from tests.access.readers import PRACTICES_ADMINISTERED, WORKING
from tests.access.world import Thing, World, may, standings_of

# Pages cost more than rows: these relationships stand for all kinds and states.
RELATIONSHIPS_ASKED = (
    "sam with maya",
    "ben with maya",
    "kit with maya",
    "amy with maya",
    "bob with maya",
    "dan with maya",
    "eve with maya",
    "eve with tom",
    "gus with maya",
    "hal with rolf",
    "cleo with maya",
    "yan with zoe",
)
CHECK_INS_ASKED: dict[str, tuple[str, ...]] = {
    "sam with maya": (
        "client: asked",
        "client: now",
        "client: waiting",
        "client: supervisor only",
        "client: private",
        "therapist: asked",
        "therapist: now",
        "therapist: private",
    ),
    "ben with maya": ("client: asked", "client: now", "client: private", "guardian: asked", "guardian: now"),
    "kit with maya": ("client: asked", "client: now", "guardian: asked", "guardian: private"),
    "mia with maya": ("guardian: asked", "guardian: now"),
    "bob with maya": ("client: asked",),
    "dan with maya": ("client: asked", "client: now", "client: released after the end", "guardian: asked"),
    "hal with rolf": ("client: now", "therapist: asked", "therapist: now"),
    "ida with dora": ("therapist: asked",),
    "yan with zoe": ("client: now", "therapist: asked"),
}
# Who asks: one person for each way to stand, and the outsiders.
VIEWERS = (
    *("", "sam", "ben", "kit", "eve", "yan", "gita", "gwen", "greta", "otto", "ruth", "olaf"),
    *("maya", "tom", "zoe", "hana", "rolf", "dora", "sol", "uma", "vera", "ines", "omar", "paul", "cleo", "nils"),
    *("ada", "ezra"),
)


@dataclass(frozen=True)
class Target:
    """One thing an address may name. `kwargs` make the address."""

    label: str
    obj: Model
    kwargs: Mapping[str, object]
    thing: Thing | None = None
    extra: Extra | None = None
    people: frozenset[str] = field(default_factory=frozenset)


def relationships(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for thing in world.of(Relationship):
        if thing.relationship in RELATIONSHIPS_ASKED:
            yield Target(thing.relationship, thing.obj, {"pk": thing.obj.pk}, thing)


def check_ins(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for thing in world.of(CheckIn):
        if thing.kind in CHECK_INS_ASKED.get(thing.relationship, ()):
            yield Target(f"{thing.kind} of {thing.author}", thing.obj, {"pk": thing.obj.pk}, thing)


def drawings(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for thing in world.of(Drawing):
        if thing.kind in CHECK_INS_ASKED.get(thing.relationship, ()):
            yield Target(f"{thing.kind} of {thing.author}", thing.obj, {"pk": thing.obj.pk}, thing)


def signals(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for thing in world.of(Signal):
        if thing.relationship in RELATIONSHIPS_ASKED and thing.obj.kind != "getting_worse":  # type: ignore[attr-defined]
            yield Target(f"{thing.kind} of {thing.relationship}", thing.obj, {"pk": thing.obj.pk}, thing)


def members(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for name in ("maya", "sol", "ines", "rolf", "dora", "ezra", "zoe", "ada", "sam"):
        yield Target(name, world.people[name], {"pk": world.people[name].pk})


def memberships(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for row in Membership.objects.filter(user__in=[world.people[name] for name in ("maya", "zoe", "tom")], until=None):
        yield Target(f"role {row.role}", row, {"pk": row.pk})


def supervisions(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for row in Supervision.objects.filter(until=None):
        yield Target("supervision", row, {"pk": row.pk})


def invitations(world: World, extras: dict[str, Extra]) -> Iterator[Target]:
    for label, extra in extras.items():
        if label.startswith("invitation"):
            yield Target(label, extra.obj, {"pk": extra.obj.pk}, extra=extra)


Targets = Callable[[World, dict[str, Extra]], Iterator[Target]]
Who = Callable[[World, str, Target], bool]


def standing_as(*wanted: str, states: tuple[State, ...] = tuple(State), minors: bool = False) -> Who:
    """Somebody who stands so to the relationship, while it is in one of these states."""

    def asked(world: World, person: str, target: Target) -> bool:
        assert target.thing is not None
        _, _, _, audience, state, _ = RELATIONSHIPS[target.thing.relationship]
        fits = state in states and not (minors and audience == Audience.ADULT)
        return fits and person != "dora" and bool(set(wanted) & set(standings_of(person, target.thing)))

    return asked


def may_be_told_of_supervision(world: World, person: str, target: Target) -> bool:
    assert target.thing is not None
    standing = STANDINGS[target.thing.relationship]
    supervised = any("supervisor" in word for words in standing.values() for word in words)
    return supervised and standing_as("therapist")(world, person, target)


def allowed_to(deed: str) -> Who:
    def asked(world: World, person: str, target: Target) -> bool:
        assert target.thing is not None
        return may(person, deed, target.thing)

    return asked


def is_author(world: World, person: str, target: Target) -> bool:
    assert target.thing is not None
    return person not in ("", "dora") and target.thing.author == person


def is_author_of_sent_answers(world: World, person: str, target: Target) -> bool:
    """A mirror is not listed among one's own answers as a client or a guardian."""
    assert target.thing is not None
    sent = not target.thing.kind.endswith("asked") and not target.thing.kind.startswith("therapist")
    return sent and is_author(world, person, target)


def may_open_check_in(world: World, person: str, target: Target) -> bool:
    """The form while it is theirs to answer; what was sent, or is closed, says so."""
    assert target.thing is not None
    over = not target.thing.kind.endswith("asked") or RELATIONSHIPS[target.thing.relationship][4] not in WORKING
    stands = "author" in standings_of(person, target.thing)
    return is_author(world, person, target) and (over or stands)


def administers(world: World, person: str, target: Target) -> bool:
    """A person is there for the administrators of practices in which they have, or had, a role."""
    mine = PRACTICES_ADMINISTERED.get(person, set())
    if isinstance(target.obj, Membership | Supervision):
        return any(world.practices[key].pk == target.obj.practice_id for key in mine)
    return any(practice in mine and name == target.label for practice, name, _, _ in ROLES)


def reads_invitation(world: World, person: str, target: Target) -> bool:
    assert target.extra is not None
    return person in target.extra.readers
