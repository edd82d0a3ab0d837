"""The policy engine gives exactly what the reviewed table says, row by row."""

from collections.abc import Callable

from django.apps import apps
from django.db.models import Model

from openrapport.relationships import policy
from openrapport.relationships.grants import Action
from tests.access.expected import KINDS
from tests.access.matrix import ANONYMOUS, ask_everything, everybody, viewer_of
from tests.access.people import RELATIONSHIPS, STANDINGS
from tests.access.world import World, may

# Models that no rules are declared for: nobody reaches them through the policy. Each with the way they are read.
UNDECLARED = {
    "people.User": "names come with a relationship or a membership that was opened first",
    "audit.Chain": "heads of chains: hashes and lengths, read by the doctor alone",
    "audit.AuditLine": "read through readings_of_own_record and own_actions, viewer first",
    "practices.Practice": "read through practices_administered_by and practices_of_therapist",
    "practices.PracticeRules": "numbers of a practice's rules; read by deeds, shown to administrators only",
    "practices.Membership": "read through members_administered_by",
    "practices.Supervision": "read through supervisions_administered_by",
    "practices.Invitation": "read through invitations_managed_by, or opened by its own secret",
    "relationships.StateChange": "reasons are written down and shown to nobody",
    "relationships.Guardianship": "asked by the policy itself",
    "checkins.CheckInPass": "opened by its own secret, never listed",
    "reports.StoredGrowthFit": "parameters of 200 relationships or more; read through growth_fits_visible_to",
    "notices.Notice": "the outbox: written by deeds, read by the worker",
    "notices.Job": "the worker's timetable",
}


def models_of_ours() -> dict[str, type[Model]]:
    return {m._meta.label: m for m in apps.get_models() if m.__module__.startswith("openrapport.")}


def test_every_model_has_rules_or_a_reviewed_reason_for_having_none():
    declared = {model._meta.label for model in policy.declared()}
    ours = set(models_of_ours())
    nobody_decided = ours - declared - set(UNDECLARED)
    assert not nobody_decided, f"declare rules beside {nobody_decided}, or say in UNDECLARED how they are read"
    assert not set(UNDECLARED) - (ours - declared), "UNDECLARED names models that are gone or have rules now"


def test_every_declared_model_and_every_line_of_the_table_stands_in_the_world(world: World):
    assert {type(thing.obj) for thing in world.things} == set(policy.declared())
    assert {thing.kind for thing in world.things} == set(KINDS)
    assert set(STANDINGS) == set(RELATIONSHIPS)
    for model in policy.declared():
        counted = model._default_manager.count()
        assert counted == len(list(world.of(model))), f"the world holds rows of {model.__name__} nobody registered"


def test_the_policy_answers_what_the_table_says(world: World, record_property: Callable[[str, object], None]):
    tally = ask_everything(world)
    record_property("access_cells", tally.cells)
    record_property("access_leaks", len(tally.leaks))
    assert tally.faults == []


def test_asking_about_one_row_gives_the_same_as_the_list(world: World):
    """`can` and `scope` agree, on every kind of row of four relationships."""
    for relationship in ("sam with maya", "kit with maya", "dan with maya", "hal with rolf"):
        named = {*STANDINGS[relationship], "gwen", "greta", "rolf", "tom", "zoe", ANONYMOUS}
        things = [thing for thing in world.things if thing.relationship == relationship]
        for thing in things[:: 1 if relationship == "sam with maya" else 5]:
            for person in named:
                assert policy.can(viewer_of(world, person), Action.READ, thing.obj) == may(person, "read", thing)


def test_nobody_is_left_out(world: World):
    assert len(everybody(world)) == len(world.people) + 1
