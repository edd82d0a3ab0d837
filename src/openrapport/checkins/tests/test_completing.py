from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.checkins.actions import AlreadyAnswered, KeyConflict, issue_kiosk_code, issue_link
from openrapport.checkins.models import Answer, CheckIn, CheckInPass, Disclosure, PassKind, RespondentRole, Score
from openrapport.checkins.queries import check_in_behind, check_ins_visible_to, due_for
from openrapport.relationships.models import State
from openrapport.shared.ids import fingerprint
from openrapport.workflows.change_relationship_state import change_relationship_state
from openrapport.workflows.complete_check_in import NoLongerOpen, complete_check_in
from tests.cast import NOON, SETUP, Cast, viewer
from tests.check_ins import answer, given_for, hold_session, of


@pytest.fixture
def sams(cast: Cast) -> CheckIn:
    return of(hold_session(cast.sam_with_maya, at=NOON), RespondentRole.CLIENT)


def send(check_in: CheckIn, *, key, alliance: int = 8, disclosure: Disclosure = Disclosure.NOW, words: str = ""):
    return complete_check_in(
        actor=Actor(user=check_in.respondent),
        check_in=CheckIn.objects.get(pk=check_in.pk),
        given=given_for(check_in, alliance=alliance, wellbeing=6, words=words),
        disclosure=disclosure,
        key=key,
        now=NOON,
    )


def test_answers_scores_and_the_audit_line_are_written_together(cast: Cast, sams: CheckIn):
    send(sams, key=uuid4(), words="Slow down a little.")
    scores = {score.instrument: score.value for score in Score.objects.filter(check_in=sams)}
    assert scores == {"alliance-adult@1": 8.0, "wellbeing-adult@1": 6.0}
    assert Answer.objects.get(check_in=sams, item="one_thing").words == "Slow down a little."
    assert AuditLine.objects.filter(object_id=sams.pk, deed="complete_check_in").count() == 1


def test_sent_twice_with_one_key_is_recorded_once(sams: CheckIn):
    key = uuid4()
    assert send(sams, key=key).recorded
    assert not send(sams, key=key).recorded
    assert Answer.objects.filter(check_in=sams, item="trust").count() == 1


def test_the_same_key_with_other_content_is_a_conflict_and_changes_nothing(sams: CheckIn):
    key = uuid4()
    send(sams, key=key)
    with pytest.raises(KeyConflict):
        send(sams, key=key, alliance=2)
    with pytest.raises(KeyConflict):
        send(sams, key=key, disclosure=Disclosure.PRIVATE)
    assert Score.objects.get(check_in=sams, instrument="alliance-adult@1").value == 8


def test_another_key_after_sending_is_refused_and_changes_nothing(sams: CheckIn):
    send(sams, key=uuid4())
    with pytest.raises(AlreadyAnswered):
        send(sams, key=uuid4(), alliance=2)
    assert Score.objects.get(check_in=sams, instrument="alliance-adult@1").value == 8


def test_one_key_cannot_serve_two_check_ins(cast: Cast, sams: CheckIn):
    key = uuid4()
    send(sams, key=key)
    other = of(hold_session(cast.ben_with_maya, at=NOON), RespondentRole.CLIENT)
    with pytest.raises(KeyConflict):
        send(other, key=key)


def test_a_failure_half_way_leaves_nothing_behind(sams: CheckIn, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the signals could not be reviewed")

    monkeypatch.setattr("openrapport.workflows.complete_check_in.review_signals", fails)
    with pytest.raises(RuntimeError), transaction.atomic():
        send(sams, key=uuid4())
    assert not Answer.objects.filter(check_in=sams).exists()
    assert CheckIn.objects.get(pk=sams.pk).submitted_at is None


def test_a_skipped_item_is_missing_and_three_skipped_of_seven_give_no_score(sams: CheckIn):
    given = given_for(sams, alliance=8)
    for item in ("trust", "empathy", "respect"):
        del given.values["alliance-adult@1"][item]
    complete_check_in(
        actor=Actor(user=sams.respondent),
        check_in=sams,
        given=replace(given),
        disclosure=Disclosure.NOW,
        key=uuid4(),
        now=NOON,
    )
    score = Score.objects.get(check_in=sams, instrument="alliance-adult@1")
    assert (score.value, score.not_scorable, score.answered) == (None, "too_many_missing", 4)


def test_nothing_is_recorded_once_the_relationship_is_paused(cast: Cast, sams: CheckIn):
    change_relationship_state(actor=SETUP, relationship=cast.sam_with_maya, to_state=State.PAUSED, now=NOON)
    assert not due_for(viewer(cast.sam)).exists()
    with pytest.raises(NoLongerOpen):
        send(sams, key=uuid4())


@pytest.mark.parametrize(
    ("disclosure", "readers"),
    [
        (Disclosure.NOW, {"sam", "maya", "sol"}),
        (Disclosure.NEXT_SESSION, {"sam"}),
        (Disclosure.SUPERVISOR_ONLY, {"sam", "sol"}),
        (Disclosure.PRIVATE, {"sam"}),
    ],
)
def test_the_choice_of_who_sees_it_holds(cast: Cast, sams: CheckIn, disclosure: Disclosure, readers: set[str]):
    send(sams, key=uuid4(), disclosure=disclosure)
    seen_by = {name for name, user in cast.everybody().items() if check_ins_visible_to(viewer(user)).exists()}
    assert seen_by == readers


def test_guardians_never_see_a_teens_check_in_nor_that_it_was_completed(cast: Cast):
    check_in = of(hold_session(cast.ben_with_maya, at=NOON), RespondentRole.CLIENT)
    send(check_in, key=uuid4())
    for guardian in (cast.gita, cast.hugo):
        assert not check_ins_visible_to(viewer(guardian)).exists()
        assert due_for(viewer(guardian)).count() == 1  # their own, which says nothing about the teen's


def test_the_next_session_releases_what_was_held_back_for_it(cast: Cast, sams: CheckIn):
    send(sams, key=uuid4(), disclosure=Disclosure.NEXT_SESSION)
    hold_session(cast.sam_with_maya, at=NOON + timedelta(days=7))
    later = viewer(cast.maya, at=NOON + timedelta(days=7))
    assert check_ins_visible_to(later).filter(pk=sams.pk).exists()


def test_a_link_opens_its_check_in_once_and_for_a_limited_time(sams: CheckIn):
    issued = issue_link(sams, valid_for=timedelta(hours=2), now=NOON)
    secret = fingerprint(issued.secret)

    def opens(at) -> bool:
        return check_in_behind(secret, kind=PassKind.LINK, now=at) is not None

    assert opens(NOON)
    assert not opens(NOON + timedelta(hours=2))
    answer(CheckIn.objects.get(pk=sams.pk), at=NOON)
    assert not opens(NOON)


def test_links_die_when_the_relationship_ends(cast: Cast, sams: CheckIn):
    issued = issue_link(sams, valid_for=timedelta(hours=2), now=NOON)
    change_relationship_state(actor=SETUP, relationship=cast.sam_with_maya, to_state=State.ENDED, now=NOON)
    assert check_in_behind(fingerprint(issued.secret), kind=PassKind.LINK, now=NOON) is None
    assert CheckInPass.objects.get(pk=issued.check_in_pass.pk).revoked_at == NOON


def test_a_new_kiosk_code_ends_the_earlier_one(sams: CheckIn):
    first = issue_kiosk_code(sams, valid_for=timedelta(minutes=10), now=NOON)
    second = issue_kiosk_code(sams, valid_for=timedelta(minutes=10), now=NOON)
    assert check_in_behind(fingerprint(first.secret), kind=PassKind.KIOSK, now=NOON) is None
    assert check_in_behind(fingerprint(second.secret), kind=PassKind.KIOSK, now=NOON) is not None
    assert check_in_behind(fingerprint(second.secret), kind=PassKind.LINK, now=NOON) is None


def test_the_database_refuses_to_change_or_delete_an_answer(sams: CheckIn):
    send(sams, key=uuid4())
    for change in (
        lambda: Answer.objects.filter(check_in=sams).update(value=1),
        lambda: Score.objects.filter(check_in=sams).delete(),
        lambda: Answer.objects.filter(check_in=sams).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_what_is_kept_to_recognise_a_second_sending_cannot_be_tried_out_without_the_key(sams: CheckIn, settings):
    given = given_for(sams, alliance=8, words="He is rude.")
    kept = given.digest(Disclosure.NOW)
    assert kept == given.digest(Disclosure.NOW)
    settings.SECRET_KEY = "another-secret-than-the-one-of-this-installation"
    assert given.digest(Disclosure.NOW) != kept


def test_a_code_works_the_same_whether_or_not_something_private_was_sent_already(sams: CheckIn):
    send(sams, key=uuid4(), disclosure=Disclosure.PRIVATE)
    answered = CheckIn.objects.get(pk=sams.pk)
    issued = issue_kiosk_code(answered, valid_for=timedelta(minutes=10), now=NOON)
    assert check_in_behind(fingerprint(issued.secret), kind=PassKind.KIOSK, now=NOON) is not None
    with pytest.raises(AlreadyAnswered):
        send(answered, key=uuid4(), alliance=1)
