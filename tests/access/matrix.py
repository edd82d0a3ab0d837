"""Asking the policy about every row for every person, and holding the answers against the reviewed table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from django.db.models import Model

from openrapport.people.viewer import Viewer
from openrapport.relationships import policy
from openrapport.relationships.grants import Action
from tests.access.people import STAFF
from tests.access.world import World, may
from tests.cast import NOON

ANONYMOUS = ""


@dataclass
class Tally:
    """How many cells were asked, and where an answer differs from the table."""

    cells: int = 0
    leaks: list[str] = field(default_factory=list)
    locked_out: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return self.leaks + self.locked_out


def viewer_of(world: World, person: str) -> Viewer:
    return Viewer(user=world.people[person] if person else None, at=NOON)


def everybody(world: World) -> list[str]:
    return [*world.people, ANONYMOUS]


def compare(world: World, person: str, model: type[Model], action: Action, tally: Tally) -> None:
    """One viewer, one kind of row, one deed: all rows at once."""
    opened = set(policy.scope(viewer_of(world, person), model, action).values_list("pk", flat=True))
    for thing in world.of(model):
        tally.cells += 1
        expected, found = may(person, action, thing), thing.obj.pk in opened
        if expected != found:
            sentence = f"{person or 'anonymous'} {action} {model.__name__} ({thing.kind}, {thing.relationship}"
            sentence += f", by {thing.author})" if thing.author else ")"
            (tally.leaks if found else tally.locked_out).append(sentence)


def ask_everything(world: World, models: Iterable[type[Model]] | None = None) -> Tally:
    tally = Tally()
    for person, model, action in _questions(world, models):
        compare(world, person, model, action, tally)
    return tally


def first_fault(world: World, models: Iterable[type[Model]]) -> str | None:
    """For mutants: stop at the first cell that differs."""
    tally = Tally()
    for person, model, action in _questions(world, models):
        compare(world, person, model, action, tally)
        if tally.faults:
            return tally.faults[0]
    return None


def _questions(world: World, models: Iterable[type[Model]] | None) -> Iterator[tuple[str, type[Model], Action]]:
    """Those who work in a practice first: most checks are about them, and a mutant is found sooner."""
    asked = list(models if models is not None else policy.declared())
    for person in sorted(everybody(world), key=lambda name: name not in STAFF):
        for model, action in product(asked, Action):
            yield person, model, action
