"""Removing any single access check makes the matrix fail. A check that nothing notices is either dead or untested."""

from collections.abc import Callable

import pytest
from django.db import transaction

from openrapport.audit import queries as audit_queries
from openrapport.checkins import queries as check_in_queries
from openrapport.checkins.models import CheckIn, Score
from openrapport.practices import queries as practice_queries
from openrapport.relationships import policy
from openrapport.relationships import queries as relationship_queries
from openrapport.relationships.grants import Action
from openrapport.relationships.models import Relationship
from openrapport.reports import queries as report_queries
from openrapport.reports import supervision as report_supervision
from openrapport.sessions import queries as session_queries
from openrapport.sessions.models import TherapySession
from openrapport.signals import queries as signal_queries
from openrapport.signals.models import Signal
from tests.access import test_readers
from tests.access.extras import Extra, add_extras
from tests.access.matrix import everybody, first_fault, viewer_of
from tests.access.mutants import CodeMutant, GrantMutant, functions_of, mutants_of_code, mutants_of_grants
from tests.access.readers import OPEN_SIGNAL_READERS, ROW_READERS
from tests.access.world import World

# Changes that make no difference to anybody, with the reason. One that starts to matter, or is gone, fails the test.
_READS_IT_ANYWAY = "whoever was asked may read it already, by the first grant"
HARMLESS = {
    "CheckIn grant 2, client: also read": _READS_IT_ANYWAY,
    "CheckIn grant 3, guardian: also read": _READS_IT_ANYWAY,
    "CheckIn grant 4, therapist: also read": _READS_IT_ANYWAY,
    "CheckIn grant 5, therapist: without where role__in": "the only mirrors in a relationship are its therapist's own",
    "CheckIn grant 6, former_therapist: without where role__in": "as above",
    "CheckIn grant 6, former_therapist: without visible_at": "visible before the end means visible before today",
    "CheckIn grant 7, supervisor: without where disclosure__in": (
        "what is private or waits has no date since when it is visible, and the database keeps it so"
    ),
    "relationships.policy._as_former_therapist: without filter state__in=CLOSED_STATES": (
        "only a closed relationship has a date until which it is kept"
    ),
    "reports.queries.courses_shared_in: without filter as_therapist__practice=practice": (
        "whoever has no relationship in the practice has nothing there to read"
    ),
    "checkins.queries.shared_with_therapist: without filter role__in=RespondentRole.values": "these are all roles",
    "signals.queries.course_of: without if from_client": "chooses the version of the questions",
    "signals.queries._shared_check_ins: without filter value__isnull=False": "what was written in words is no number",
    "signals.queries._open_by_tie: without if not viewer.is_somebody": "signals_visible_to asks as well",
    "relationships.policy.scope: without if model not in _rules": "the next line fails instead, less kindly",
}

NOT_FOR_A_VIEWER = {
    "practices.queries.rules_of": "the numbers of a practice's rules, for a deed",
    "practices.queries.feedback_missing_after": "as above",
    "practices.queries._newest_rules": "as above",
    "practices.queries.is_staff_member": "asked before somebody is invited",
    "relationships.queries.guardians_of": "whom a deed asks",
    "checkins.queries.pass_spent_on": "finds a submission again by its secret and its key",
    "signals.queries._numbers_shared": "fetches what shared_with_therapist gave",
    "signals.queries._seen": "as above",
    "reports.queries._courses": "puts in order what was shared",
    "audit.queries.broken_chains": "counts and hashes for the doctor",
    "audit.queries._fault_of": "as above; asked in test_at_rest",
}
# Answers, scores and events follow these; the engine's own clause for that is asked by the last.
MODELS = (Signal, CheckIn, Relationship, TherapySession, Score)
GRANT_MUTANTS = {mutant.name: mutant for mutant in mutants_of_grants()}
POLICY_MUTANTS = {mutant.name: mutant for mutant in mutants_of_code(functions_of(policy))}
READER_MODULES = (
    audit_queries,
    check_in_queries,
    practice_queries,
    relationship_queries,
    report_queries,
    report_supervision,
    session_queries,
    signal_queries,
)
READER_MUTANTS = {
    mutant.name: mutant
    for module in READER_MODULES
    for mutant in mutants_of_code(
        {name: function for name, function in functions_of(module).items() if name not in NOT_FOR_A_VIEWER}
    )
}


def _with_extras(ask: Callable[[World, dict[str, Extra]], None]) -> Callable[[World], None]:
    def asked(world: World) -> None:
        with transaction.atomic():
            ask(world, add_extras(world))
            transaction.set_rollback(True)

    return asked


# The tests of what does not belong to a relationship, asked again under each mutant of their app.
BESIDE_THE_ROWS: dict[str, tuple[Callable[[World], None], ...]] = {
    "practices": (
        test_readers.test_only_supervisors_who_could_read_are_told_and_offered,
        test_readers.test_roles_are_those_that_stand,
        test_readers.test_practices_open_to_those_who_hold_the_role_there_now,
        test_readers.test_members_and_supervisions_are_for_administrators,
        _with_extras(test_readers.test_invitations_are_for_who_made_them_and_administrators_of_staff),
        _with_extras(test_readers.test_an_invitation_opens_by_its_secret_alone),
    ),
    "audit": (
        _with_extras(test_readers.test_readings_are_shown_to_whose_record_it_is),
        _with_extras(test_readers.test_own_actions_are_ones_own),
    ),
    "relationships": (test_readers.test_only_supervisors_who_could_read_are_told_and_offered,),
    "checkins": (
        test_readers.test_a_pass_opens_while_whoever_was_asked_may_answer,
        test_readers.test_a_kiosk_code_does_not_tell_whether_it_was_answered,
        test_readers.test_signals_rest_on_what_is_shared,
    ),
    "reports": (
        _with_extras(test_readers.test_fits_are_for_those_whose_pages_draw_from_them),
        test_readers.test_curves_rest_on_what_each_therapist_may_read,
        test_readers.test_a_supervisors_figures_count_what_they_may_read,
    ),
    "signals": (test_readers.test_signals_rest_on_what_is_shared,),
}


def judge(mutant: GrantMutant | CodeMutant, fault: str | None) -> None:
    if mutant.name in HARMLESS:
        assert fault is None, f"no longer harmless, take it out of HARMLESS: {mutant.name}: {fault}"
    else:
        assert fault is not None, f"nothing noticed that this check was gone: {mutant.name}"


def one_row_fault(world: World) -> str | None:
    private = world.find(CheckIn, "client: private", "sam with maya").obj
    readers = [name for name in ("sam", "maya", "lena") if policy.can(viewer_of(world, name), Action.READ, private)]
    return None if readers == ["sam"] else f"can: {readers} may read what is Sam's alone"


@pytest.mark.parametrize("name", GRANT_MUTANTS)
def test_a_changed_grant_is_noticed(world: World, name: str):
    mutant = GRANT_MUTANTS[name]
    with mutant.in_force():
        fault = first_fault(world, [mutant.model])
    judge(mutant, fault)


@pytest.mark.parametrize("name", POLICY_MUTANTS)
def test_a_check_left_out_of_the_engine_is_noticed(world: World, name: str):
    mutant = POLICY_MUTANTS[name]
    with mutant.in_force():
        fault = first_fault(world, MODELS) or one_row_fault(world)
    judge(mutant, fault)


@pytest.mark.parametrize("name", READER_MUTANTS)
def test_a_check_left_out_of_a_reader_is_noticed(world: World, name: str):
    mutant = READER_MUTANTS[name]
    with mutant.in_force():
        fault = reader_fault(world, name.split(":")[0].rpartition(".")[0])
    judge(mutant, fault)


def reader_fault(world: World, module: str) -> str | None:
    """The first reader of one module that gives something else than the table says."""
    for name in (*ROW_READERS, *OPEN_SIGNAL_READERS):
        for person in everybody(world) if name.startswith(f"{module}.") else ():
            if found := test_readers.differences(name, world, person):
                return found[0]
    for ask in BESIDE_THE_ROWS.get(module.partition(".")[0], ()):
        try:
            ask(world)
        except Exception as fault:  # an answer that differs, or none at all: either is noticed
            return str(fault) or ask.__name__
    return None


def test_every_harmless_change_still_exists():
    assert not set(HARMLESS) - set(GRANT_MUTANTS) - set(POLICY_MUTANTS) - set(READER_MUTANTS)
