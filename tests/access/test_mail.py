"""What leaves by mail: no name, no words, nothing to people who may not open what it is about."""

from datetime import timedelta

import pytest
from django.core import mail

from openrapport.audit.actor import Actor
from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.commands.jobs import JOBS, put_up_jobs, run_due
from openrapport.notices.models import Notice
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Membership, Role
from openrapport.relationships.grants import Action
from openrapport.relationships.models import Relationship, State
from openrapport.relationships.policy import can
from openrapport.signals.models import Kind, Signal
from openrapport.signals.queries import course_of
from openrapport.workflows.change_relationship_state import change_relationship_state
from openrapport.workflows.deactivate_person import deactivate_person
from openrapport.workflows.end_staff_role import end_staff_role
from openrapport.workflows.invite_client import NewClient, invite_client
from openrapport.workflows.invite_staff import invite_staff
from openrapport.workflows.open_after_session import open_after_session
from tests.access.canaries import ANY, PRACTICE
from tests.access.people import RELATIONSHIPS
from tests.access.readers import WORKING
from tests.access.world import World
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import answer, hold_session, live_through, of

A_WEEK_LATER = NOON + timedelta(days=7)


def everything_happens(world: World) -> None:
    """Sessions are held everywhere, people are invited, time passes, every job runs."""
    for label, relationship in world.relationships.items():
        if RELATIONSHIPS[label][4] in WORKING:
            for hours in range(3):  # and nothing is shared about them
                at = NOON + timedelta(hours=hours)
                open_after_session(actor=SETUP, relationship=relationship, starts_at=at, now=at)
    maya, ada = (Actor(user=world.people[name]) for name in ("maya", "ada"))
    practice = world.practices["willow"]
    new = NewClient("Zinewiz Client", "new.client@example.test", NOON.date().replace(year=1990), "en")
    invite_client(actor=maya, practice=practice, client=new, now=NOON)
    invite_staff(
        actor=ada,
        practice=practice,
        role=Role.THERAPIST,
        name="Zinewiz Staff",
        email="new.staff@example.test",
        language="es",
        now=NOON,
    )
    put_up_jobs(now=NOON)
    for hours in (0, 3, 24 * 6, 24 * 7):
        assert set(run_due(clock=lambda at=NOON + timedelta(hours=hours): at)) <= set(JOBS)


def test_mail_holds_no_name_and_no_words(world: World):
    everything_happens(world)
    assert len(mail.outbox) > 20
    kinds = set(Notice.objects.filter(sent_at__isnull=False).values_list("kind", flat=True))
    assert {"check_in_ready", "signal_raised", "signal_escalated", "invitation"} <= kinds
    for message in mail.outbox:
        text = f"{message.subject}\n{message.body}\n{message.from_email}\n{message.message().as_string()}"
        for address in message.to:
            text = text.replace(address, "")
        found = {match.group(0).lower() for match in ANY.finditer(text)}
        # Whoever is invited must know by whom; the practice is named in the text, never in the subject.
        allowed = {"zpwillowpz"} if "/invitation/" in str(message.body) else set()
        assert found <= allowed, message.subject
        assert not PRACTICE.search(str(message.subject))
        assert "zinewiz" not in text.lower()


def test_nobody_is_told_of_a_signal_they_may_not_open(world: World):
    """Not whoever left, not family, not supervisors the client does not know of."""
    everything_happens(world)
    by_address = {user.email: name for name, user in world.people.items() if user.email}
    told = Notice.objects.filter(kind__in=("signal_raised", "signal_escalated"))
    assert told.count() > 10
    for notice in told:
        signal = Signal.objects.get(pk=notice.once_key.split(":")[1])
        name = by_address[notice.to]
        viewer = Viewer(user=world.people[name], at=A_WEEK_LATER)
        assert can(viewer, Action.READ, signal), f"{name} is told of {signal.relationship}"
    to = {by_address[address] for address in told.values_list("to", flat=True)}
    assert {"maya", "tom", "zoe", "sol", "uma"} <= to
    assert not to & {"rolf", "dora", "ines", "omar", "vera", "sam", "ben", "gita", "gwen"}


def test_links_to_check_ins_go_to_whoever_is_asked(world: World):
    everything_happens(world)
    by_address = {user.email: name for name, user in world.people.items() if user.email}
    asked: dict[str, set[str]] = {label: set() for label in world.relationships}
    labels = {relationship.pk: label for label, relationship in world.relationships.items()}
    for notice in Notice.objects.filter(kind="check_in_ready"):
        asked[labels[notice.about]].add(by_address[notice.to])
    assert asked["sam with maya"] == {"sam"}
    assert asked["ben with maya"] == {"ben", "gita", "hugo", "greta"}  # not Otto, whose guardianship is elsewhere
    assert asked["kit with maya"] == {"gwen", "paul"}  # Kit has no address, and Greta is no guardian any more
    assert asked["bob with maya"] == asked["dan with maya"] == asked["amy with maya"] == set()


@pytest.mark.parametrize("end", [State.PAUSED, State.ENDED])
def test_mail_that_waits_does_not_leave_once_the_work_is_paused_or_over(cast: Cast, end: State):
    hold_session(cast.sam_with_maya, at=NOON)
    change_relationship_state(actor=SETUP, relationship=cast.sam_with_maya, to_state=end, now=NOON)
    put_up_jobs(now=NOON)
    run_due(clock=lambda: A_WEEK_LATER)
    assert [message.to for message in mail.outbox if "sam@example.test" in message.to] == []


def test_mail_that_waits_does_not_reach_whoever_left(cast: Cast):
    for relationship in (cast.sam_with_maya, cast.lena_with_tom, cast.yan_with_zoe):
        live_through(relationship, (8, 8, 8, 8, 8, 4))
    mayas = Membership.objects.get(user=cast.maya)
    end_staff_role(mayas, actor=Actor(user=cast.ada), now=NOON)
    deactivate_person(cast.tom, actor=Actor(user=cast.ada), practice=cast.willow, now=NOON)
    put_up_jobs(now=NOON)
    run_due(clock=lambda: A_WEEK_LATER)
    receivers = {address for message in mail.outbox for address in message.to}
    assert "yan@example.test" in receivers
    # Nor are their clients asked any more: nobody would read the answers.
    assert not receivers & {"maya@example.test", "tom@example.test", "sam@example.test", "lena@example.test"}


@pytest.mark.parametrize(("kept_private", "raised"), [(Disclosure.PRIVATE, False), (Disclosure.NOW, True)])
def test_a_mirror_kept_private_is_in_no_signal(cast: Cast, kept_private: Disclosure, raised: bool):
    """A supervisor reads signals; what the therapist keeps from them must not come back as a number there."""
    for week in range(2):
        opened = hold_session(cast.sam_with_maya, at=NOON + timedelta(weeks=week))
        at = NOON + timedelta(weeks=week, hours=1)
        answer(of(opened, RespondentRole.CLIENT), at=at, alliance=6)
        answer(of(opened, RespondentRole.THERAPIST), at=at, alliance=10, disclosure=kept_private)
    found = Signal.objects.filter(relationship=cast.sam_with_maya, kind=Kind.DIFFERENT_VIEWS)
    assert found.exists() == raised
    course = course_of(Relationship.objects.get(pk=cast.sam_with_maya.pk), at=NOON + timedelta(weeks=3))
    assert bool(course.therapist) == raised
