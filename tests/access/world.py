"""A world with one row of every kind in every relationship, each carrying its own canary."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from django.db.models import Model

from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import Answer, CheckIn, Disclosure, Drawing, Score
from openrapport.people.models import User
from openrapport.practices.actions import found_practice
from openrapport.practices.models import Practice
from openrapport.relationships.models import CLOSED_STATES, Relationship, StateChange
from openrapport.sessions.models import Status, TherapySession
from openrapport.signals.models import Kind, Signal, SignalDeed, SignalEvent, SignalState
from tests.access.expected import allowed
from tests.access.people import (
    HARBOUR,
    LATELY,
    LONG_AGO,
    PAST_GUARDIANS,
    RELATIONSHIPS,
    STANDINGS,
    WILLOW,
    give_them_their_places,
    make_people,
)
from tests.cast import NOON, SETUP

# what is chosen: (disclosure, how long ago it became readable; None: not yet)
CHOICES: dict[str, tuple[Disclosure, timedelta | None]] = {
    "now": (Disclosure.NOW, timedelta(days=30)),
    "waiting": (Disclosure.NEXT_SESSION, None),
    "released": (Disclosure.NEXT_SESSION, timedelta(days=30)),
    "supervisor only": (Disclosure.SUPERVISOR_ONLY, timedelta(days=30)),
    "private": (Disclosure.PRIVATE, None),
    "released after the end": (Disclosure.NEXT_SESSION, timedelta(days=5)),
}
ASKED = "asked"
OF_CLIENT = (ASKED, *CHOICES)
OF_OTHERS = (ASKED, "now", "waiting", "supervisor only", "private")


@dataclass(frozen=True)
class Thing:
    """One row, what kind it is, whose relationship it belongs to, and who wrote it."""

    obj: Model
    kind: str
    relationship: str
    author: str = ""
    canaries: tuple[str, ...] = ()


@dataclass
class World:
    people: dict[str, User]
    practices: dict[str, Practice]
    relationships: dict[str, Relationship] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)

    def of(self, model: type[Model]) -> Iterator[Thing]:
        return (thing for thing in self.things if isinstance(thing.obj, model))

    def find(self, model: type[Model], kind: str, relationship: str, author: str = "") -> Thing:
        found = [
            thing
            for thing in self.of(model)
            if (thing.kind, thing.relationship) == (kind, relationship) and author in ("", thing.author)
        ]
        return found[0]


def standings_of(person: str, thing: Thing) -> tuple[str, ...]:
    """How somebody stands to one row: to its relationship, and as its author."""
    standings = STANDINGS[thing.relationship].get(person, ())
    if person and thing.author == person:
        stands = any(word in standings for word in ("client", "guardian", "therapist"))
        standings = (*standings, "author" if stands else "past author")
    return standings


def may(person: str, deed: str, thing: Thing) -> bool:
    return person != "dora" and deed in allowed(thing.kind, standings_of(person, thing))  # her account is closed


def build_world() -> World:
    practices = {
        key: found_practice(
            actor=SETUP, name=f"Zp{key}pz", country="US", time_zone="Europe/Madrid", language="en", now=LONG_AGO
        )
        for key in (WILLOW, HARBOUR)
    }
    people = make_people()
    give_them_their_places(people, practices)
    world = World(people=people, practices=practices)
    for key in RELATIONSHIPS:
        _begin(world, key)
        _fill(world, key)
    return world


def _begin(world: World, key: str) -> None:
    practice, client, therapist, audience, state, told = RELATIONSHIPS[key]
    closed = state in CLOSED_STATES
    relationship = Relationship.objects.create(
        practice=world.practices[practice],
        client=world.people[client],
        therapist=world.people[therapist],
        audience=audience,
        state=state,
        state_since=LATELY,
        began_at=NOON - timedelta(days=300),
        ended_at=LATELY if closed else None,
        retained_until=(NOON + timedelta(days=-1 if key == "gus with maya" else 300)) if closed else None,
        supervision_told_at=NOON - timedelta(days=200) if told else None,
    )
    world.relationships[key] = relationship
    world.things.append(Thing(relationship, "relationship", key))
    StateChange.objects.create(
        relationship=relationship,
        to_state=state,
        at=LATELY,
        actor=SETUP.label,
        reason=_canary("reason", key),
    )


def _fill(world: World, key: str) -> None:
    relationship = world.relationships[key]
    sessions = []
    for number, kind in enumerate([*OF_CLIENT, "late"], start=1):
        late = kind == "late"
        session = TherapySession.objects.create(
            relationship=relationship,
            number=number,
            starts_at=NOON - timedelta(days=3 if late else 60 - number),
            status=Status.PLANNED if late else Status.HELD,
        )
        world.things.append(Thing(session, "session after the end" if late else "session", key))
        sessions.append(session)
    _, client, therapist, audience, _, _ = RELATIONSHIPS[key]
    writers = [(client, "client", OF_CLIENT), (therapist, "therapist", OF_OTHERS)]
    writers += [(name, "guardian", OF_OTHERS) for name in _guardians(key)]
    for author, role, kinds in writers:
        for session, kind in zip(sessions, kinds, strict=False):
            instruments = instruments_for(role=role, audience=audience)
            _add_check_in(world, key, session, author=author, role=role, kind=kind, instruments=instruments)
    _add_signals(world, key)


def _guardians(key: str) -> list[str]:
    named = [person for person, standings in STANDINGS[key].items() if "guardian" in standings]
    return named + [person for person, theirs in PAST_GUARDIANS.items() if theirs == key]


def _add_check_in(
    world: World, key: str, session: TherapySession, *, author: str, role: str, kind: str, instruments: list[str]
) -> None:
    disclosure, ago = CHOICES.get(kind, ("", None))
    sent = kind != ASKED
    check_in = CheckIn.objects.create(
        relationship=world.relationships[key],
        session=session,
        respondent=world.people[author],
        role=role,
        instruments=instruments,
        opened_at=session.starts_at,
        submitted_at=session.starts_at + timedelta(hours=1) if sent else None,
        disclosure=disclosure,
        visible_from=NOON - ago if ago is not None else None,
        submission_key=uuid4() if sent else None,
        via="page" if sent else "",
    )
    words, drawn = (_canary(what, key, role, author, kind) for what in ("words", "drawn"))
    label = f"{role}: {kind}"
    world.things.append(Thing(check_in, label, key, author, (words,) if sent else ()))
    if not sent:
        return
    alliance = instrument_of(instruments[0])
    free = next(item.code for item in alliance.items if item.kind == "words")
    rated = alliance.total.items[0]
    answers = [
        Answer(check_in=check_in, instrument=alliance.ref, item=rated, value=alliance.item(rated).values[-2]),
        Answer(check_in=check_in, instrument=alliance.ref, item=free, words=words),
    ]
    score = Score(
        check_in=check_in,
        instrument=alliance.ref,
        scale=alliance.total.code,
        value=7.0,
        answered=1,
        library_version="test",
    )
    Answer.objects.bulk_create(answers)
    score.save(force_insert=True)
    world.things += [Thing(row, label, key, author) for row in (*answers, score)]
    image = {"image": drawn.encode(), "width": 8, "height": 6}  # no image, but nobody looks into it
    drawing = Drawing.objects.create(check_in=check_in, instrument=alliance.ref, item="drawing", **image)
    world.things.append(Thing(drawing, label, key, author, (drawn,)))


def _add_signals(world: World, key: str) -> None:
    therapist = world.people[RELATIONSHIPS[key][2]]
    for label, kind, state, raised in (
        ("signal", Kind.RUPTURE, SignalState.SEEN, NOON - timedelta(days=25)),
        ("signal", Kind.GETTING_WORSE, SignalState.RESOLVED, NOON - timedelta(days=24)),
        ("signal after the end", Kind.DIFFERENT_VIEWS, SignalState.RAISED, NOON - timedelta(days=2)),
    ):
        signal = Signal.objects.create(
            relationship=world.relationships[key],
            kind=kind,
            state=state,
            raised_at=raised,
            state_since=raised,
            **_numbers_of(kind),
        )
        reason = _canary("note", key, kind)
        event = SignalEvent.objects.create(
            signal=signal,
            deed=SignalDeed.RESOLVED if state == SignalState.RESOLVED else SignalDeed.SEEN,
            at=raised,
            actor=f"user:{therapist.pk}",
            actor_user=therapist,
            reason=reason,
        )
        world.things += [Thing(signal, label, key, canaries=(reason,)), Thing(event, label, key)]


def _numbers_of(kind: Kind) -> dict[str, object]:
    """Evidence as the rules write it, so that the pages can explain it."""
    found: dict[Kind, tuple[str, dict[str, object], dict[str, object]]] = {
        Kind.RUPTURE: (
            "empirical-bayes",
            {"z": 2.326},
            {
                "session": 4,
                "score": 4.0,
                "onset": 4,
                "onset_score": 4.0,
                "expected": 8.0,
                "limit": 6.0,
                "depth": 4.0,
                "z": -3.0,
            },
        ),
        Kind.GETTING_WORSE: (
            "reliable-deterioration",
            {"criterion": 1.96, "in_a_row": 2, "first_session": 1, "first": 8.0},
            {"session": 4, "score": 3.0, "change": -5.0, "rc": -3.0},
        ),
        Kind.DIFFERENT_VIEWS: (
            "views-differ",
            {"cut_off": 2, "in_a_row": 2},
            {"session": 4, "client": 5.0, "therapist": 8.0, "gap": 3.0},
        ),
    }
    rule, parameters, evidence = found[kind]
    return {
        "rule": rule,
        "rule_version": 1,
        "parameters": parameters,
        "evidence": [evidence],
        "false_alarm_rate": 0.1,
        "session_number": 4,
    }


def _canary(*parts: str) -> str:
    return "zx-" + "-".join(part.replace(" ", "-") for part in parts) + "-xz"
