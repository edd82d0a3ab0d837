"""Every function that reads for a viewer gives back what the reviewed table says: no row more, no row less."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from openrapport.audit.models import AuditLine
from openrapport.audit.queries import own_actions, readings_of_own_record
from openrapport.checkins.actions import issue_kiosk_code, issue_link
from openrapport.checkins.models import CheckIn, CheckInPass, PassKind, Score
from openrapport.checkins.queries import check_in_behind
from openrapport.practices import queries as practices
from openrapport.practices.models import Invitation, Membership, Role, Supervision
from openrapport.relationships.models import Audience, Relationship
from openrapport.relationships.queries import has_told_supervisor, has_untold_supervisor, supervisors_of
from openrapport.reports import queries as report_queries
from openrapport.reports.course import read_course
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import fits_of, growth_fits_visible_to
from openrapport.reports.supervision import supervision_figures
from openrapport.sessions.models import Status, TherapySession
from openrapport.shared.ids import fingerprint
from openrapport.signals.models import Signal, SignalState
from openrapport.signals.queries import course_of
from tests.access import test_readers
from tests.access.extras import Extra, add_extras
from tests.access.matrix import ANONYMOUS, everybody, viewer_of
from tests.access.people import HARBOUR, LONG_AGO, RELATIONSHIPS, ROLES, STANDINGS, SUPERVISIONS, WILLOW
from tests.access.readers import (
    ASKED_IN_OTHER_TESTS,
    OPEN_SIGNAL_READERS,
    PRACTICES_ADMINISTERED,
    PRACTICES_OF_THERAPIST,
    ROLES_HELD,
    ROW_READERS,
    WORKING,
    is_worth_asking,
    pks_given,
    viewer_first_functions,
)
from tests.access.world import Thing, World, may, standings_of
from tests.cast import NOON


@pytest.fixture
def extras(world: World) -> dict[str, Extra]:
    return add_extras(world)


def differences(name: str, world: World, person: str) -> list[str]:
    """Empty when this reader gives this person exactly what the table says."""
    given = pks_given(name, world, viewer_of(world, person))
    if name in OPEN_SIGNAL_READERS:
        expected = _open_signals(world, person, OPEN_SIGNAL_READERS[name])
    else:
        expected = set[UUID]().union(*(rows.expected(world, person) for rows in ROW_READERS[name]))
    labels = {thing.obj.pk: f"{thing.kind}, {thing.relationship}" for thing in world.things}
    who = person or "anonymous"
    leaks = [f"{name}({who}) leaks {labels.get(pk, pk)}" for pk in given - expected]
    return leaks + [f"{name}({who}) keeps back {labels[pk]}" for pk in expected - given]


def _open_signals(world: World, person: str, standing: str) -> set[UUID]:
    if person == "dora":
        return set()
    return {
        thing.obj.pk
        for thing in world.of(Signal)
        if standing in standings_of(person, thing) and thing.obj.state != SignalState.RESOLVED
    }


def test_every_reader_is_in_the_table():
    known = {*ROW_READERS, *OPEN_SIGNAL_READERS, *ASKED_IN_OTHER_TESTS}
    found = set(viewer_first_functions())
    assert not found - known, "say in tests/access/readers.py what these readers may give to whom"
    assert not known - found, "tests/access/readers.py names readers that are gone"
    assert all(hasattr(test_readers, name) for name in ASKED_IN_OTHER_TESTS.values())


@pytest.mark.parametrize("name", [*ROW_READERS, *OPEN_SIGNAL_READERS])
def test_a_reader_gives_what_the_table_says(world: World, name: str):
    assert [line for person in everybody(world) for line in differences(name, world, person)] == []


def test_a_course_holds_nothing_its_reader_may_not_read(world: World, record_property: Callable[[str, object], None]):
    """Asked for relationships the viewer has no part in, too: the course filters by itself."""
    by_pk = {thing.obj.pk: thing for thing in world.things}
    cells = 0
    for person, (key, relationship) in product(everybody(world), world.relationships.items()):
        viewer = viewer_of(world, person)
        if not is_worth_asking(viewer, world, key):
            continue
        for row in read_course(viewer, relationship).rows:
            read = [row.session.pk, *(one.pk for one in (row.client, row.therapist, *row.guardians) if one)]
            cells += len(read)
            assert [by_pk[pk] for pk in read if not may(person, "read", by_pk[pk])] == []
    record_property("access_cells", cells)
    assert cells > 500


def test_roles_are_those_that_stand(world: World):
    for person in everybody(world):
        assert practices.roles_of(viewer_of(world, person)) == ROLES_HELD.get(person, set()), person


def test_practices_open_to_those_who_hold_the_role_there_now(world: World):
    for person in everybody(world):
        viewer = viewer_of(world, person)
        for given, expected in (
            (practices.practices_administered_by(viewer), PRACTICES_ADMINISTERED),
            (practices.practices_of_therapist(viewer), PRACTICES_OF_THERAPIST),
        ):
            wanted = {world.practices[key].pk for key in expected.get(person, set())}
            assert {practice.pk for practice in given} == wanted, person


def test_members_and_supervisions_are_for_administrators(world: World):
    for person in everybody(world):
        viewer, mine = viewer_of(world, person), PRACTICES_ADMINISTERED.get(person, set())
        assert practices.members_administered_by(viewer).count() == sum(row[0] in mine for row in ROLES)
        standing = sum(row[0] in mine and row[3] for row in SUPERVISIONS)
        assert practices.supervisions_administered_by(viewer).count() == standing


def test_invitations_are_for_who_made_them_and_administrators_of_staff(world: World, extras: dict[str, Extra]):
    for person in everybody(world):
        given = {invitation.pk for invitation in practices.invitations_managed_by(viewer_of(world, person))}
        assert given == _readable(extras, Invitation, person), person


def test_readings_are_shown_to_whose_record_it_is(world: World, extras: dict[str, Extra]):
    for person in everybody(world):
        given = {line.pk for line in readings_of_own_record(viewer_of(world, person))}
        assert given == _readable(extras, AuditLine, person), person


def test_own_actions_are_ones_own(world: World, extras: dict[str, Extra]):
    for person in everybody(world):
        lines = list(own_actions(viewer_of(world, person)))
        assert {line.actor_user_id for line in lines} <= {world.people[person].pk if person else None}
        assert bool(lines) == (person in {"maya", "sol", "sam", "zoe"}), person


def test_only_supervisors_who_could_read_are_told_and_offered(world: World):
    for label, relationship in world.relationships.items():
        if RELATIONSHIPS[label][4] not in WORKING:
            continue
        supervisors = {
            word: {world.people[name].pk for name, standings in STANDINGS[label].items() if word in standings}
            for word in ("supervisor", "untold supervisor")
        }
        assert {one.pk for one in supervisors_of(relationship)} == set().union(*supervisors.values()), label
        assert has_told_supervisor(relationship) == bool(supervisors["supervisor"]), label
        assert has_untold_supervisor(relationship) == bool(supervisors["untold supervisor"]), label
    # Where those Sam was told of are gone, the one who came later may not read, and Sam has to be told again.
    sams = world.relationships["sam with maya"]
    with transaction.atomic():
        known = Supervision.objects.filter(therapist=sams.therapist, since__lte=sams.supervision_told_at)
        known.update(until=NOON)
        left = has_told_supervisor(sams), has_untold_supervisor(sams)
        transaction.set_rollback(True)
    assert left == (False, True)


def test_signals_rest_on_what_is_shared(world: World):
    """The rules look at what the therapist may read, and of mirrors only at what a supervisor may read too."""
    for label, relationship in world.relationships.items():
        therapist = RELATIONSHIPS[label][2]
        mine = [one for one in world.of(CheckIn) if one.relationship == label and may(therapist, "read", one)]
        course = course_of(relationship, at=NOON)
        assert {seen.session for seen in course.client} == _sessions(mine, "client: ", but_not="asked"), label
        assert set(course.therapist) == _sessions(mine, "therapist: now"), label
        assert course.held == (1, 2, 3, 4, 5, 6, 7), label  # the eighth is only planned


def test_fits_are_for_those_whose_pages_draw_from_them(world: World, extras: dict[str, Extra]):
    for person in everybody(world):
        viewer = viewer_of(world, person)
        given = {fit.pk for fit in growth_fits_visible_to(viewer)}
        assert given == _readable(extras, StoredGrowthFit, person), person
        for practice in world.practices.values():
            of_one = {fit.pk for fit in fits_of(viewer, practice.pk).values()}
            assert of_one == {pk for pk in given if extras_by_pk(extras)[pk].practice_id == practice.pk}, person


def extras_by_pk(extras: dict[str, Extra]) -> dict[UUID, StoredGrowthFit]:
    return {one.obj.pk: one.obj for one in extras.values() if isinstance(one.obj, StoredGrowthFit)}


def test_curves_rest_on_what_each_therapist_may_read(world: World):
    """Tom supervises Maya here as well, and sees a client of his next door: neither adds anything to this practice."""
    with transaction.atomic():
        willow, harbour, tom = world.practices[WILLOW], world.practices[HARBOUR], world.people["tom"]
        roles = ((willow, Role.SUPERVISOR), (harbour, Role.THERAPIST))
        Membership.objects.bulk_create(
            Membership(practice=practice, user=tom, role=role, since=LONG_AGO) for practice, role in roles
        )
        Supervision.objects.create(practice=willow, supervisor=tom, therapist=world.people["maya"], since=LONG_AGO)
        Relationship.objects.filter(pk=world.relationships["lena with tom"].pk).update(practice=harbour)
        sent = world.find(CheckIn, "client: now", "sam with maya").obj
        Score.objects.create(  # too little was answered for this one
            check_in=sent, instrument="wellbeing-adult@1", scale="total", not_scorable="nothing_answered", answered=0,
            library_version="test",
        )  # fmt: skip
        Score.objects.create(  # a part of the questionnaire, not its main score
            check_in=sent, instrument="alliance-adult@1", scale="bond", value=1.0, answered=2, library_version="test"
        )
        with patch.object(report_queries, "FIRST_SESSION", 2):  # of the first one nobody here said anything
            given = {key: report_queries.courses_shared_in(one, at=NOON) for key, one in world.practices.items()}
        transaction.set_rollback(True)
    for key, practice in ((WILLOW, given[WILLOW]), (HARBOUR, given[HARBOUR])):
        found = {(ref, course.client): course.scores for (ref, _), courses in practice.items() for course in courses}
        assert found == _courses_by_the_table(world, key), key


def _courses_by_the_table(world: World, practice: str) -> dict[tuple[str, str], tuple[float | None, ...]]:
    """What comes after session 2 in the clients' check-ins that the relationship's therapist may read."""
    found = {}
    for label, (where, _, therapist, audience, _, _) in RELATIONSHIPS.items():
        if (HARBOUR if label == "lena with tom" else where) != practice:
            continue
        mine = [one for one in world.of(CheckIn) if one.relationship == label and may(therapist, "read", one)]
        sessions = _sessions(mine, "client: ", but_not="asked")
        later = {number for number in sessions if number > 2}
        if 2 in sessions and later:
            scores = tuple(7.0 if number in later else None for number in range(1, max(later) + 1))
            found[f"alliance-{audience}@1", str(world.relationships[label].pk)] = scores
    return found


def test_a_supervisors_figures_count_what_they_may_read(world: World):
    """Sessions, shared check-ins, signals and averages of the relationships they stand to as supervisors, by hand."""
    with transaction.atomic():
        _add_a_session_that_one_person_rated(world)
        for person in everybody(world):
            figures = supervision_figures(viewer_of(world, person))
            told = [label for label, stand in STANDINGS.items() if "supervisor" in stand.get(person, ())]
            told = [] if person == "dora" else told
            assert figures.relationships == len(told), person
            one_more = "sam with maya" in told
            held, shared = 7 * len(told) + one_more, 4 * len(told) + one_more
            is_enough = len(told) >= 5
            assert (figures.held, figures.shared) == ((held, shared) if is_enough else (None, None)), person
            counted = len(told) if is_enough else None
            assert figures.open_signals == ({"rupture": counted, "different_views": counted} if told else {}), person
            adults = [label for label in told if RELATIONSHIPS[label][3] == Audience.ADULT]
            seen = {2: 7.0, 4: 7.0, 5: 7.0, 7: 7.0}
            means = tuple((number, seen.get(number)) for number in range(1, 8))
            expected = [("alliance-adult@1", len(adults), means)] if len(adults) >= 5 else []
            assert [(one.instrument.ref, one.relationships, one.means) for one in figures.averages] == expected, person
        transaction.set_rollback(True)


def _add_a_session_that_one_person_rated(world: World) -> None:
    """Sam's ninth, which nobody else has had; and something sent about the eighth, which is only planned."""
    sam = world.relationships["sam with maya"]
    ninth = TherapySession.objects.create(relationship=sam, number=9, starts_at=NOON, status=Status.HELD)
    for session in (ninth, sam.therapy_sessions.get(number=8)):
        sent = CheckIn.objects.create(
            relationship=sam,
            session=session,
            respondent=sam.client,
            role="client",
            instruments=["alliance-adult@1"],
            opened_at=NOON,
            submitted_at=NOON,
            disclosure="now",
            visible_from=NOON,
            submission_key=uuid4(),
        )
        if session == ninth:
            Score.objects.create(
                check_in=sent, instrument="alliance-adult@1", scale="total", value=1.0, answered=7, library_version="-"
            )


def _sessions(things: list[Thing], kind: str, *, but_not: str = "\0") -> set[int]:
    found = [one.obj for one in things if one.kind.startswith(kind) and not one.kind.endswith(but_not)]
    return {one.session.number for one in found if isinstance(one, CheckIn)}


def test_an_invitation_opens_by_its_secret_alone(world: World, extras: dict[str, Extra]):
    one = extras["invitation: client"]
    assert isinstance(one.obj, Invitation)

    def opens(secret: str = one.secret, at: datetime = NOON) -> bool:
        return practices.open_invitation(fingerprint(secret), now=at) == one.obj

    assert (opens(), opens("another"), opens(at=one.obj.expires_at)) == (True, False, False)
    for change in ({"revoked_at": NOON}, {"revoked_at": None, "accepted_at": NOON}):
        Invitation.objects.filter(pk=one.obj.pk).update(**change)
        assert not opens(), change


def test_a_pass_opens_while_whoever_was_asked_may_answer(world: World):
    for label, person, stands in (
        ("sam with maya", "sam", True),
        ("bob with maya", "bob", False),  # paused
        ("amy with maya", "amy", False),  # not begun
        ("dan with maya", "dan", False),  # over
        ("kit with maya", "gwen", True),
        ("kit with maya", "greta", False),  # no guardian of Kit any more
        ("ben with maya", "otto", False),
    ):
        check_in = next(
            one.obj for one in world.of(CheckIn) if (one.relationship, one.author) == (label, person) and is_asked(one)
        )
        assert isinstance(check_in, CheckIn)
        link = issue_link(check_in, valid_for=timedelta(hours=1), now=NOON)
        assert opens_link(link.secret) == stands, (label, person)
        assert not opens_link("another")
        assert not opens_link(link.secret, kind=PassKind.KIOSK)
        assert not opens_link(link.secret, at=NOON + timedelta(hours=1))
        for change in ({"used_at": NOON}, {"used_at": None, "revoked_at": NOON}):
            CheckInPass.objects.filter(pk=link.check_in_pass.pk).update(**change)
            assert not opens_link(link.secret), change

    told_nobody = world.find(CheckIn, "client: private", "sam with maya").obj
    code = issue_kiosk_code(told_nobody, valid_for=timedelta(hours=1), now=NOON)
    assert opens_link(code.secret, kind=PassKind.KIOSK)  # as if nothing had been sent
    issue_link(told_nobody, valid_for=timedelta(hours=1), now=NOON)


def test_a_kiosk_code_does_not_tell_whether_it_was_answered(world: World):
    """It opens for what was sent, too, and says so to whoever holds the device; never for a closed account."""
    for label, kind, opens in (
        ("sam with maya", "client: now", True),
        ("ida with dora", "therapist: now", False),
        ("dan with maya", "client: now", False),
    ):
        sent = world.find(CheckIn, kind, label).obj
        assert isinstance(sent, CheckIn)
        code = issue_kiosk_code(sent, valid_for=timedelta(hours=1), now=NOON).secret
        assert opens_link(code, kind=PassKind.KIOSK) == opens, label
        assert not opens_link(issue_link(sent, valid_for=timedelta(hours=1), now=NOON).secret), label


def is_asked(thing: Thing) -> bool:
    return thing.kind.endswith(": asked")


def opens_link(secret: str, *, kind: PassKind = PassKind.LINK, at: datetime = NOON) -> bool:
    return check_in_behind(fingerprint(secret), kind=kind, now=at) is not None


def test_somebody_without_an_account_reads_nothing_at_all(world: World, extras: dict[str, Extra]):
    nobody = viewer_of(world, ANONYMOUS)
    for name, reader in viewer_first_functions().items():
        if name.startswith(("reports.standing", "reports.course", "reports.supervision", "reports.queries.fits_of")):
            continue  # they take a second word, or give no rows; asked above
        assert list(reader(nobody)) == [], name  # type: ignore[call-overload]


def _readable(extras: dict[str, Extra], model: type, person: str) -> set[UUID]:
    return {one.obj.pk for one in extras.values() if isinstance(one.obj, model) and person in one.readers}
