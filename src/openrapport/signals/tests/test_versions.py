"""A course belongs to one version of each questionnaire: a new version is never taken for a recovery."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from openrapport.analysis import catalogue, detector
from openrapport.analysis.instrument import Instrument
from openrapport.audit.actor import Actor
from openrapport.checkins.models import RespondentRole
from openrapport.relationships.models import Audience, Relationship
from openrapport.signals.actions import mark_seen, review_signals
from openrapport.signals.models import Kind, Signal, SignalDeed, SignalState
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import answer, hold_session, live_through, of

STEADY_THEN_DROP = (8, 8, 8, 8, 8, 4)


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch):
    """Brings out version 2 of an instrument: the same questions, which nobody may therefore compare."""
    known: dict[tuple[str, int], Instrument] = dict(catalogue.load_catalogue())
    rates = dict(detector._stated_rates())

    def bring_out(name: str) -> None:
        newest = max(version for known_name, version in known if known_name == name)
        newer = known[name, newest + 1] = replace(known[name, newest], version=newest + 1)
        if known[name, newest].ref in rates:
            rates[newer.ref] = rates[known[name, newest].ref]

    def as_it_is() -> Mapping[tuple[str, int], Instrument]:
        return MappingProxyType(known)

    monkeypatch.setattr(catalogue, "load_catalogue", as_it_is)
    monkeypatch.setattr(detector, "_stated_rates", lambda: rates)
    return bring_out


def next_week(relationship: Relationship, alliance: int, *, week: int = 0, therapist: int | None = None) -> None:
    at = NOON + timedelta(weeks=week)
    opened = hold_session(relationship, at=at)
    answer(of(opened, RespondentRole.CLIENT), at=at, alliance=alliance, wellbeing=5)
    if therapist is not None:
        answer(of(opened, RespondentRole.THERAPIST), at=at, alliance=therapist)


def rupture_of(relationship: Relationship) -> Signal:
    return Signal.objects.get(relationship=relationship, kind=Kind.RUPTURE)


def deeds(signal: Signal) -> list[str]:
    return list(signal.events.order_by("at", "pk").values_list("deed", flat=True))


def test_a_new_version_is_no_recovery_and_the_signal_stays_open_with_the_reason(cast: Cast, publish):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    before = rupture_of(cast.sam_with_maya)
    assert before.instruments == ["alliance-adult@1"]
    publish("alliance-adult")
    next_week(cast.sam_with_maya, 9)
    next_week(cast.sam_with_maya, 9, week=1)
    signal = rupture_of(cast.sam_with_maya)
    assert signal.recovered_at is None
    assert signal.state == SignalState.RAISED
    assert signal.questions_changed_at == NOON
    assert deeds(signal) == [SignalDeed.RAISED, SignalDeed.QUESTIONS_CHANGED]


def test_a_client_who_becomes_an_adult_has_not_recovered_by_it(cast: Cast):
    live_through(cast.ben_with_maya, STEADY_THEN_DROP)
    Relationship.objects.filter(pk=cast.ben_with_maya.pk).update(audience=Audience.ADULT)
    next_week(cast.ben_with_maya, 9)
    signal = rupture_of(cast.ben_with_maya)
    assert signal.instruments == ["alliance-teen@1"]
    assert signal.recovered_at is None
    assert deeds(signal)[-1] == SignalDeed.QUESTIONS_CHANGED


def test_a_version_that_nobody_answered_yet_changes_nothing(cast: Cast, publish):
    live_through(cast.sam_with_maya, (6, 6, 6), therapist=(10, 10, 10))
    differ = Signal.objects.get(relationship=cast.sam_with_maya, kind=Kind.DIFFERENT_VIEWS)
    publish("alliance-adult")
    publish("alliance-therapist")
    review_signals(Relationship.objects.get(pk=cast.sam_with_maya.pk), actor=SETUP, now=NOON)
    differ.refresh_from_db()
    assert (differ.recovered_at, differ.questions_changed_at) == (None, None)


def test_a_new_mirror_alone_does_not_bring_the_two_views_together(cast: Cast, publish):
    live_through(cast.sam_with_maya, (6, 6, 6), therapist=(10, 10, 10))
    publish("alliance-therapist")
    next_week(cast.sam_with_maya, 6, therapist=10)
    differ = Signal.objects.get(relationship=cast.sam_with_maya, kind=Kind.DIFFERENT_VIEWS)
    assert differ.recovered_at is None
    assert deeds(differ)[-1] == SignalDeed.QUESTIONS_CHANGED


def test_the_same_thing_seen_on_the_new_version_renews_the_signal_which_can_recover_again(cast: Cast, publish):
    live_through(cast.sam_with_maya, (8, 3, 3))
    part = Signal.objects.get(relationship=cast.sam_with_maya, kind=Kind.COMPONENT_LOW)
    publish("alliance-adult")
    for week, level in enumerate((3, 3, 8)):
        next_week(cast.sam_with_maya, level, week=week)
        part.refresh_from_db()
        assert Signal.objects.filter(relationship=cast.sam_with_maya, kind=Kind.COMPONENT_LOW).count() == 1
    assert part.instruments == ["alliance-adult@2"]
    assert part.questions_changed_at is None
    assert part.recovered_at is not None
    assert deeds(part) == [
        SignalDeed.RAISED,
        SignalDeed.QUESTIONS_CHANGED,
        SignalDeed.UPDATED,
        SignalDeed.RECOVERED,
    ]


def test_missing_feedback_ends_with_an_answer_to_whatever_is_asked(cast: Cast, publish):
    live_through(cast.sam_with_maya, (8, None, None, None))
    publish("alliance-adult")
    next_week(cast.sam_with_maya, 8)
    signal = Signal.objects.get(relationship=cast.sam_with_maya, kind=Kind.FEEDBACK_MISSING)
    assert signal.recovered_at is not None


def test_looking_at_it_does_not_hide_that_the_questions_changed(cast: Cast, publish):
    live_through(cast.sam_with_maya, STEADY_THEN_DROP)
    signal = rupture_of(cast.sam_with_maya)
    mark_seen(signal, actor=Actor(user=cast.maya), now=NOON)
    publish("alliance-adult")
    next_week(cast.sam_with_maya, 9)
    signal.refresh_from_db()
    assert (signal.state, signal.is_open) == (SignalState.SEEN, True)
    assert signal.questions_changed_at is not None
