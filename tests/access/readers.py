"""Every function that reads for a viewer, and what it may give back: the reviewed answer beside each.

A function in a `queries.py` or in `reports/` whose first parameter is a Viewer has to stand here.
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from uuid import UUID

import openrapport
from openrapport.checkins.models import CheckIn, Drawing
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Role
from openrapport.relationships.models import Relationship, State
from openrapport.reports import caseload, standing
from openrapport.sessions.models import TherapySession
from openrapport.signals.models import Signal
from tests.access.people import HARBOUR, RELATIONSHIPS, STANDINGS, WILLOW
from tests.access.world import World, standings_of

Reader = Callable[[Viewer], Iterable[UUID]]
WORKING = (State.ACTIVE, State.ENDING, State.RETURNED)


@dataclass(frozen=True)
class Rows:
    """Rows of `model` for whoever stands so. Their kind begins with one of `kinds` and does not end as `but_not`."""

    model: type
    standings: tuple[str, ...]
    kinds: tuple[str, ...] = ("",)
    but_not: tuple[str, ...] = ()
    states: tuple[State, ...] = tuple(State)

    def expected(self, world: World, person: str) -> set[UUID]:
        if person in ("", "dora"):
            return set()
        return {
            thing.obj.pk
            for thing in world.of(self.model)
            if set(standings_of(person, thing)) & set(self.standings)
            and thing.kind.startswith(self.kinds)
            and not thing.kind.endswith(self.but_not or ("\0",))
            and RELATIONSHIPS[thing.relationship][4] in self.states
        }


EVERY_TIE = ("client", "therapist", "old therapist", "supervisor")
AUTHORS = ("author", "past author")
SENT_AND_OPEN = ("now", "released", "released after the end")

ROW_READERS: dict[str, tuple[Rows, ...]] = {
    "relationships.queries.relationships_visible_to": (Rows(Relationship, EVERY_TIE),),
    "relationships.queries.caseload_of": (Rows(Relationship, ("therapist",)),),
    "relationships.queries.therapies_of": (Rows(Relationship, ("client",)),),
    "relationships.queries.supervised_by": (Rows(Relationship, ("supervisor",)),),
    "relationships.queries.kept_by": (Rows(Relationship, ("old therapist",)),),
    "relationships.queries.workable_by": (Rows(Relationship, ("client", "therapist"), states=WORKING),),
    "sessions.queries.sessions_visible_to": (
        Rows(TherapySession, ("client", "therapist", "supervisor")),
        Rows(TherapySession, ("old therapist",), but_not=("after the end",)),
    ),
    "checkins.queries.own_check_ins": (Rows(CheckIn, AUTHORS),),
    "checkins.queries.due_for": (
        Rows(CheckIn, ("author",), ("client: asked", "guardian: asked", "therapist: asked"), states=WORKING),
    ),
    "checkins.queries.check_ins_visible_to": (
        Rows(CheckIn, AUTHORS, but_not=("asked",)),
        Rows(CheckIn, ("therapist",), ("client: now", "client: released", "guardian: now")),
        Rows(CheckIn, ("old therapist",), ("client: now", "client: released", "guardian: now"), ("after the end",)),
        Rows(CheckIn, ("supervisor",), but_not=("asked", "waiting", "private")),
    ),
    "checkins.queries.drawings_visible_to": (
        Rows(Drawing, AUTHORS),
        Rows(Drawing, ("therapist",), ("client: now", "client: released", "guardian: now")),
        Rows(Drawing, ("old therapist",), ("client: now", "client: released", "guardian: now"), ("after the end",)),
        Rows(Drawing, ("supervisor",), but_not=("asked", "waiting", "private")),
    ),
    "signals.queries.signals_visible_to": (
        Rows(Signal, ("therapist", "supervisor")),
        Rows(Signal, ("old therapist",), but_not=("after the end",)),
    ),
    "reports.caseload.caseload": (Rows(Relationship, ("therapist",)),),
    "reports.caseload.former_caseload": (Rows(Relationship, ("old therapist",)),),
    "reports.standing.record_of": (Rows(Relationship, ("therapist", "old therapist", "supervisor")),),
}
# A signal that is resolved is not open.
OPEN_SIGNAL_READERS = {"signals.queries.open_for": "therapist", "signals.queries.open_for_supervisor": "supervisor"}

# What does not belong to a relationship: person -> expected answer, everybody else gets nothing.
PRACTICES_ADMINISTERED = {"ada": {WILLOW}, "paul": {WILLOW}, "ezra": {HARBOUR}, "zoe": {HARBOUR}}
PRACTICES_OF_THERAPIST = {
    "maya": {WILLOW},
    "tom": {WILLOW},
    "ines": {WILLOW},
    "rolf": {HARBOUR},
    "zoe": {HARBOUR},
    "hana": {HARBOUR},
}
ROLES_HELD = {
    "ada": {Role.ADMIN},
    "maya": {Role.THERAPIST},
    "tom": {Role.THERAPIST},
    "sol": {Role.SUPERVISOR},
    "uma": {Role.SUPERVISOR},
    "vera": {Role.SUPERVISOR},
    "ines": {Role.THERAPIST},
    "omar": {Role.SUPERVISOR},
    "paul": {Role.SUPERVISOR, Role.ADMIN},
    "cleo": {Role.SUPERVISOR},
    "nils": {Role.SUPERVISOR},
    "ezra": {Role.ADMIN},
    "rolf": {Role.THERAPIST},
    "zoe": {Role.ADMIN, Role.THERAPIST, Role.SUPERVISOR},
    "hana": {Role.THERAPIST},
}
ASKED_IN_OTHER_TESTS = {
    "practices.queries.roles_of": "test_roles_are_those_that_stand",
    "practices.queries.practices_administered_by": "test_practices_open_to_those_who_hold_the_role_there_now",
    "practices.queries.practices_of_therapist": "test_practices_open_to_those_who_hold_the_role_there_now",
    "practices.queries.members_administered_by": "test_members_and_supervisions_are_for_administrators",
    "practices.queries.supervisions_administered_by": "test_members_and_supervisions_are_for_administrators",
    "practices.queries.invitations_managed_by": "test_invitations_are_for_who_made_them_and_administrators_of_staff",
    "audit.queries.readings_of_own_record": "test_readings_are_shown_to_whose_record_it_is",
    "audit.queries.own_actions": "test_own_actions_are_ones_own",
    "reports.queries.growth_fits_visible_to": "test_fits_are_for_those_whose_pages_draw_from_them",
    "reports.queries.fits_of": "test_fits_are_for_those_whose_pages_draw_from_them",
    "reports.supervision.supervision_figures": "test_a_supervisors_figures_count_what_they_may_read",
    "reports.course.read_course": "test_a_course_holds_nothing_its_reader_may_not_read",
}


@cache
def viewer_first_functions() -> dict[str, Callable[..., object]]:
    """Every public reader there is, by a short name."""
    found = {}
    for package in pkgutil.walk_packages(openrapport.__path__, "openrapport."):
        short = package.name.removeprefix("openrapport.")
        if not (short.endswith(".queries") or short.startswith("reports.")) or ".tests" in short:
            continue
        module = import_module(package.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters.values())
            ours = function.__module__ == module.__name__ and not name.startswith("_")
            if ours and parameters and parameters[0].annotation is Viewer:
                found[f"{short}.{name}"] = function
    return found


def pks_given(name: str, world: World, viewer: Viewer) -> set[UUID]:
    """What a reader gives this viewer, as primary keys, whatever shape it has."""
    if name == "reports.caseload.caseload":
        return {row.relationship.pk for row in caseload.caseload(viewer)}
    if name == "reports.caseload.former_caseload":
        return {row.relationship.pk for row in caseload.former_caseload(viewer)}
    if name == "reports.standing.record_of":
        asked = (one for key, one in world.relationships.items() if is_worth_asking(viewer, world, key))
        return {one.pk for one in asked if standing.record_of(viewer, one.pk) is not None}
    return set(viewer_first_functions()[name](viewer).values_list("pk", flat=True))  # type: ignore[attr-defined]


# They stand nowhere or stood once, each in a way of their own.
OUTSIDERS = (
    "",
    "tom",
    "uma",
    "vera",
    "ines",
    "omar",
    "ezra",
    "rolf",
    "dora",
    "zoe",
    "hana",
    "greta",
    "otto",
    "olaf",
    "lena",
)


def is_worth_asking(viewer: Viewer, world: World, relationship: str) -> bool:
    """Where each question costs a page: those who stand to the relationship, and the outsiders."""
    named = {*STANDINGS[relationship], *OUTSIDERS}
    return viewer.user is None or any(world.people[name] == viewer.user for name in named if name)
