from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.detector import stated_rate as detector_rate
from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.notices.models import Notice
from openrapport.relationships.models import Relationship
from openrapport.signals import actions
from openrapport.signals.actions import (
    MoveNotAllowed,
    ReasonMissing,
    dismiss,
    escalate_unseen,
    mark_seen,
    mark_talked_about,
    reopen,
    resolve,
    review_signals,
)
from openrapport.signals.models import Kind, Signal, SignalDeed, SignalState
from openrapport.signals.queries import open_for, open_for_supervisor, signals_visible_to
from tests.cast import NOON, Cast, viewer
from tests.check_ins import answer, hold_session, live_through, of

STEADY_THEN_DROP = (8, 8, 8, 8, 8, 4)
JOB = Actor.system("test-job")


def deeds(signal: Signal) -> list[str]:
    return list(signal.events.order_by("at", "pk").values_list("deed", flat=True))


def only_signal(relationship: Relationship, kind: Kind = Kind.RUPTURE) -> Signal:
    return Signal.objects.get(relationship=relationship, kind=kind)


def test_a_drop_raises_one_signal_with_its_numbers_and_rate(cast: Cast):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal = only_signal(cast.sam_with_maya)
    assert (signal.state, signal.session_number, signal.rule) == (SignalState.RAISED, 6, "empirical-bayes")
    assert signal.evidence[0]["score"] == 4
    set_to = detector_rate(get_instrument("alliance-adult"))
    assert signal.parameters["z"] == set_to.z
    assert (signal.false_alarm_rate, signal.false_alarm_low, signal.false_alarm_high) == (
        set_to.rate,
        set_to.low,
        set_to.high,
    )
    assert deeds(signal) == [SignalDeed.RAISED]
    assert Notice.objects.filter(kind="signal_raised", to="maya@example.test").count() == 1


def test_a_further_low_answer_updates_the_open_signal_instead_of_raising_another(cast: Cast):
    live_through(cast.sam_with_maya, (*STEADY_THEN_DROP, 4))
    signal = only_signal(cast.sam_with_maya)
    assert signal.session_number == 7
    assert deeds(signal) == [SignalDeed.RAISED, SignalDeed.UPDATED]


def test_a_newer_check_in_back_in_the_band_says_recovered(cast: Cast):
    live_through(cast.sam_with_maya, (*STEADY_THEN_DROP, 8))
    signal = only_signal(cast.sam_with_maya)
    assert signal.recovered_at is not None
    assert signal.is_open
    assert deeds(signal) == [SignalDeed.RAISED, SignalDeed.RECOVERED]


def test_falling_again_after_recovery_puts_it_back_in_front_of_the_therapist(cast: Cast):
    live_through(cast.sam_with_maya, (*STEADY_THEN_DROP, 8, 3))
    signal = only_signal(cast.sam_with_maya)
    assert signal.recovered_at is None
    assert (signal.state, deeds(signal)[-1]) == (SignalState.RAISED, SignalDeed.RETURNED)


@pytest.mark.parametrize("hidden", [Disclosure.PRIVATE, Disclosure.SUPERVISOR_ONLY, Disclosure.NEXT_SESSION])
def test_a_drop_the_therapist_may_not_read_raises_nothing(cast: Cast, hidden: Disclosure):
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8))
    opened = hold_session(cast.sam_with_maya, at=NOON)
    answer(of(opened, RespondentRole.CLIENT), at=NOON, alliance=2, disclosure=hidden)
    assert not Signal.objects.filter(relationship=cast.sam_with_maya).exists()


def test_a_held_back_drop_raises_its_signal_when_the_next_session_releases_it(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8))
    opened = hold_session(cast.sam_with_maya, at=NOON)
    answer(of(opened, RespondentRole.CLIENT), at=NOON, alliance=2, disclosure=Disclosure.NEXT_SESSION)
    hold_session(cast.sam_with_maya, at=NOON + timedelta(days=7))
    assert only_signal(cast.sam_with_maya).session_number == 6


def test_three_sessions_without_anything_shared_raise_feedback_missing_and_one_shared_answer_recovers_it(cast: Cast):
    weeks = live_through(cast.sam_with_maya, (8, None, None, None))
    signal = only_signal(cast.sam_with_maya, Kind.FEEDBACK_MISSING)
    assert signal.evidence == [{"sessions": 4, "last_shared": 1}]
    answer(of(weeks[-1], RespondentRole.CLIENT), at=NOON)
    signal.refresh_from_db()
    assert signal.recovered_at is not None


def test_a_private_answer_does_not_end_feedback_missing_for_that_would_tell_that_it_exists(cast: Cast):
    weeks = live_through(cast.sam_with_maya, (8, None, None, None))
    answer(of(weeks[-1], RespondentRole.CLIENT), at=NOON, disclosure=Disclosure.PRIVATE)
    assert only_signal(cast.sam_with_maya, Kind.FEEDBACK_MISSING).recovered_at is None


def test_the_therapists_own_private_answers_feed_no_signal_a_supervisor_could_read(cast: Cast):
    for disclosure, expected in ((Disclosure.PRIVATE, 0), (Disclosure.NOW, 1)):
        for week in range(2):
            opened = hold_session(cast.sam_with_maya, at=NOON + timedelta(days=7 * week))
            answer(of(opened, RespondentRole.CLIENT), at=NOON, alliance=7)
            answer(of(opened, RespondentRole.THERAPIST), at=NOON, alliance=10, disclosure=disclosure)
        different = Signal.objects.filter(relationship=cast.sam_with_maya, kind=Kind.DIFFERENT_VIEWS)
        assert different.count() == expected


def test_the_life_of_a_signal_is_kept_as_events_and_audit_lines(cast: Cast):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal, maya = only_signal(cast.sam_with_maya), Actor(user=cast.maya)
    mark_seen(signal, actor=maya, now=NOON)
    mark_talked_about(signal, actor=maya, now=NOON, note="We talked about the rush.")
    resolve(signal, actor=maya, now=NOON, reason="Mended.")
    assert deeds(signal) == ["raised", "seen", "talked_about", "resolved"]
    assert AuditLine.objects.filter(object_id=signal.pk).count() == 4
    assert not signal.is_open


def test_closing_takes_a_reason_and_forbidden_moves_change_nothing(cast: Cast):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal, maya = only_signal(cast.sam_with_maya), Actor(user=cast.maya)
    with pytest.raises(ReasonMissing):
        dismiss(signal, actor=maya, now=NOON, reason="  ")
    dismiss(signal, actor=maya, now=NOON, reason="They had a fever.")
    with pytest.raises(MoveNotAllowed):
        mark_talked_about(signal, actor=maya, now=NOON)
    reopen(signal, actor=maya, now=NOON, reason="It was not the fever.")
    signal.refresh_from_db()
    assert signal.state == SignalState.SEEN


def test_a_dismissed_signal_is_not_raised_again_by_the_same_evidence(cast: Cast):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    dismiss(only_signal(cast.sam_with_maya), actor=Actor(user=cast.maya), now=NOON, reason="Fever.")
    cast.sam_with_maya.refresh_from_db()
    review_signals(cast.sam_with_maya, actor=JOB, now=NOON)
    assert Signal.objects.filter(relationship=cast.sam_with_maya).count() == 1


def test_the_database_refuses_a_second_open_signal_of_a_kind(cast: Cast):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal = only_signal(cast.sam_with_maya)
    signal.pk = None
    signal.id = signal._meta.pk.get_default()
    with pytest.raises(IntegrityError), transaction.atomic():
        signal.save(force_insert=True)


def test_unseen_signals_go_to_the_supervisor_once(cast: Cast):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal = only_signal(cast.sam_with_maya)
    early = signal.raised_at + timedelta(hours=71)
    late = signal.raised_at + timedelta(hours=73)
    assert escalate_unseen(actor=JOB, now=early) == 0
    assert escalate_unseen(actor=JOB, now=late) == 1
    assert escalate_unseen(actor=JOB, now=late) == 0
    assert Notice.objects.filter(kind="signal_escalated", to="sol@example.test").count() == 1
    assert open_for_supervisor(viewer(cast.sol)).get() == signal


def test_where_the_client_was_not_told_escalation_reminds_the_therapist_and_no_supervisor(cast: Cast):
    live_through(cast.ben_with_maya, STEADY_THEN_DROP)
    signal = only_signal(cast.ben_with_maya)
    assert escalate_unseen(actor=JOB, now=signal.raised_at + timedelta(hours=73)) == 1
    assert list(Notice.objects.filter(kind="signal_escalated").values_list("to", flat=True)) == ["maya@example.test"]
    assert not open_for_supervisor(viewer(cast.sol)).exists()


def test_clients_guardians_and_other_therapists_see_no_signal(cast: Cast):
    live_through(cast.ben_with_maya, STEADY_THEN_DROP)
    seeing = {name for name, user in cast.everybody().items() if signals_visible_to(viewer(user)).exists()}
    assert seeing == {"maya"}
    assert open_for(viewer(cast.maya)).count() == 1


def test_words_alone_are_feedback_and_end_its_missing(cast: Cast):
    weeks = live_through(cast.sam_with_maya, (8, None, None, None))
    answer(of(weeks[-1], RespondentRole.CLIENT), at=NOON, alliance=None, words="Could we begin earlier?")
    assert only_signal(cast.sam_with_maya, Kind.FEEDBACK_MISSING).recovered_at is not None


def test_nobody_is_said_to_share_nothing_who_shared_words(cast: Cast):
    for week in range(3):
        opened = hold_session(cast.sam_with_maya, at=NOON + timedelta(days=7 * week))
        answer(of(opened, RespondentRole.CLIENT), at=NOON, alliance=None, words="One thing.")
    review_signals(cast.sam_with_maya, actor=JOB, now=NOON + timedelta(days=20))
    assert not Signal.objects.filter(kind=Kind.FEEDBACK_MISSING).exists()


@pytest.mark.parametrize("deed", ["seen", "reopened", "escalated"])
def test_the_relationship_is_locked_before_the_signal_as_sending_answers_does(cast: Cast, deed: str, monkeypatch):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal, maya, order = only_signal(cast.sam_with_maya), Actor(user=cast.maya), []
    if deed == "reopened":
        dismiss(signal, actor=maya, now=NOON, reason="Fever.")
    lock = actions.lock_relationship
    monkeypatch.setattr(actions, "lock_relationship", lambda pk: (order.append("relationship"), lock(pk))[1])
    write = actions.record
    monkeypatch.setattr(actions, "record", lambda **words: (order.append("log"), write(**words))[1])
    if deed == "seen":
        mark_seen(signal, actor=maya, now=NOON)
    elif deed == "reopened":
        reopen(signal, actor=maya, now=NOON, reason="It was not.")
    else:
        escalate_unseen(actor=JOB, now=signal.raised_at + timedelta(days=10))
    assert order[0] == "relationship"
    assert order[-1] == "log"
