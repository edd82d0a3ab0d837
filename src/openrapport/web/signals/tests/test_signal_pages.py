import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.detector import stated_rate
from openrapport.checkins.models import RespondentRole
from openrapport.people.models import User
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import Audience, Relationship, State
from openrapport.signals import actions
from openrapport.signals.explain import RECOVERED, RETURNED
from openrapport.signals.models import Kind, Signal, SignalState
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import answer, hold_session, live_through, of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stopped_clock():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def rupture(cast: Cast) -> Signal:
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8, 4), therapist=(8, 8, 8, 8, 8, 8, 8))
    return Signal.objects.get(relationship=cast.sam_with_maya, kind="rupture")


def open_signal(user: User | None, signal: Signal):
    return browser_of(user).get(reverse("signal", args=[signal.pk]))


def move(user: User | None, signal: Signal, deed: str, **fields: str):
    sent = {"state": signal.state, **fields}
    return browser_of(user).post(reverse("move_signal", args=[signal.pk, deed]), sent)


def test_the_page_tells_numbers_rule_rate_and_a_conversation(cast: Cast, rupture: Signal):
    html = open_signal(cast.maya, rupture).content.decode()
    for expected in (
        "Possible rupture, session 7",
        "Ask what happened between you",
        "Words to open with",
        "Listen for",
        "Eubanks",
        "Lower limit",
        "of 100",
        "Provisional",
        "Alliance over time",
    ):
        assert expected in html, expected


def test_the_page_tells_what_the_rule_was_set_to_and_how_exact_its_rate_is(cast: Cast, rupture: Signal):
    html = re.sub(r"<[^>]+>", "", open_signal(cast.maya, rupture).content.decode())
    set_to = stated_rate(get_instrument("alliance-adult"))
    percent = [f"{100 * share:.1f}" for share in (set_to.rate, set_to.low, set_to.high)]
    assert f"Set to: {set_to.z:.2f} standard deviations below what was expected · after 3 earlier check-ins" in html
    assert "in {} of 100 (95 % interval: {} to {}).".format(*percent) in html
    Signal.objects.update(false_alarm_low=None, false_alarm_high=None)  # raised before intervals were kept
    assert f"in {percent[0]} of 100." in open_signal(cast.maya, rupture).content.decode()


def test_opening_it_counts_as_seen_for_the_therapist_only(cast: Cast, rupture: Signal):
    open_signal(cast.sol, rupture)
    rupture.refresh_from_db()
    assert rupture.state == SignalState.RAISED
    browser_of(cast.maya).head(reverse("signal", args=[rupture.pk]))
    rupture.refresh_from_db()
    assert rupture.state == SignalState.RAISED, "a preview is not a look"
    open_signal(cast.maya, rupture)
    rupture.refresh_from_db()
    assert rupture.state == SignalState.SEEN


@pytest.mark.parametrize("person", ["sam", "tom", "ada", "zoe", "gita", "yan"])
def test_everybody_else_gets_404(cast: Cast, rupture: Signal, person: str):
    user = getattr(cast, person)
    assert open_signal(user, rupture).status_code == 404
    assert move(user, rupture, "resolve", reason="no").status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(cast: Cast, rupture: Signal):
    assert open_signal(None, rupture)["Location"].startswith(reverse("account_login"))
    assert Client().get(reverse("signals"))["Location"].startswith(reverse("account_login"))


def test_the_supervisor_reads_and_cannot_move(cast: Cast, rupture: Signal):
    html = open_signal(cast.sol, rupture).content.decode()
    assert "Ask what happened between you" in html
    assert "<textarea" not in html
    for deed in ("talked-about", "resolve", "dismiss", "reopen"):
        assert move(cast.sol, rupture, deed, reason="x").status_code == 404


def test_a_former_therapist_reads_and_cannot_move(cast: Cast, rupture: Signal):
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    assert "<textarea" not in open_signal(cast.maya, rupture).content.decode()
    assert move(cast.maya, rupture, "resolve", reason="x").status_code == 404
    rupture.refresh_from_db()
    assert rupture.state == SignalState.RAISED


def test_talked_about_needs_no_note_and_keeps_one(cast: Cast, rupture: Signal):
    assert move(cast.maya, rupture, "talked-about", note="He felt rushed.").status_code == 302
    html = open_signal(cast.maya, rupture).content.decode()
    assert "He felt rushed." in html
    assert "Maya Example" in html


@pytest.mark.parametrize("deed", ["resolve", "dismiss"])
def test_closing_takes_a_reason_at_the_field(cast: Cast, rupture: Signal, deed: str):
    response = move(cast.maya, rupture, deed, reason="   ")
    assert response.status_code == 422
    assert "Say why in a few words." in response.content.decode()
    rupture.refresh_from_db()
    assert rupture.is_open
    assert move(cast.maya, rupture, deed, reason="We cleared it up.").status_code == 302
    rupture.refresh_from_db()
    assert not rupture.is_open


def test_a_reason_that_is_too_long_comes_back_whole(cast: Cast, rupture: Signal):
    words = "word " * 500
    response = move(cast.maya, rupture, "resolve", reason=words)
    assert response.status_code == 422
    assert words.strip() in response.content.decode()


def test_a_closed_signal_can_be_opened_again_with_a_reason(cast: Cast, rupture: Signal):
    move(cast.maya, rupture, "dismiss", reason="A holiday.")
    rupture.refresh_from_db()
    html = open_signal(cast.maya, rupture).content.decode()
    assert "Open it again" in html
    assert "Mark as talked about" not in html
    assert move(cast.maya, rupture, "reopen", reason="").status_code == 422
    assert move(cast.maya, rupture, "reopen", reason="It came back.").status_code == 302
    rupture.refresh_from_db()
    assert rupture.state == SignalState.SEEN


def test_a_state_that_changed_meanwhile_says_so_and_loses_nothing(cast: Cast, rupture: Signal):
    old = Signal.objects.get(pk=rupture.pk)
    actions.dismiss(rupture, actor=SETUP, now=NOON, reason="elsewhere")
    response = move(cast.maya, old, "resolve", reason="My careful words.")
    html = response.content.decode()
    assert response.status_code == 409
    assert "It is now: Dismissed." in html
    assert "My careful words." in html
    rupture.refresh_from_db()
    assert rupture.state == SignalState.DISMISSED
    assert rupture.events.filter(deed="resolved").count() == 0


def test_a_move_that_would_still_be_allowed_is_not_made_from_an_old_page(cast: Cast, rupture: Signal):
    old = Signal.objects.get(pk=rupture.pk)
    actions.mark_talked_about(rupture, actor=SETUP, now=NOON)
    assert move(cast.maya, old, "resolve", reason="My careful words.").status_code == 409
    rupture.refresh_from_db()
    assert rupture.state == SignalState.TALKED_ABOUT


def test_an_unknown_deed_is_404_and_a_get_is_refused(cast: Cast, rupture: Signal):
    assert move(cast.maya, rupture, "escalate", reason="x").status_code == 404
    assert browser_of(cast.maya).get(reverse("move_signal", args=[rupture.pk, "resolve"])).status_code == 405


def test_the_list_shows_what_waits_and_what_was_closed(cast: Cast, rupture: Signal):
    browser = browser_of(cast.maya)
    assert "Possible rupture, session 7" in browser.get(reverse("signals")).content.decode()
    actions.resolve(rupture, actor=SETUP, now=NOON, reason="done")
    for other in Signal.objects.exclude(pk=rupture.pk):
        actions.resolve(other, actor=SETUP, now=NOON, reason="done")
    assert "Nothing waits for you" in browser.get(reverse("signals")).content.decode()
    assert "Possible rupture, session 7" in browser.get(reverse("signals") + "?show=closed").content.decode()


@pytest.mark.parametrize("person", ["sam", "gita", "ada", "sol"])
def test_the_list_is_for_therapists(cast: Cast, person: str):
    assert browser_of(getattr(cast, person)).get(reverse("signals")).status_code == 404


def test_another_therapist_sees_nothing_of_it_in_the_list(cast: Cast, rupture: Signal):
    html = browser_of(cast.tom).get(reverse("signals")).content.decode()
    assert "Sam" not in html
    assert "Nothing waits for you" in html


def test_every_kind_of_signal_has_a_page(cast: Cast):
    live_through(cast.sam_with_maya, (4, 4, 4), therapist=(8, 8, 8), wellbeing=(8, 3, 1))
    live_through(cast.ben_with_maya, (10, 10, 10))
    live_through(cast.kit_with_maya, (None, None, None), first=NOON - timedelta(days=30))
    live_through(cast.lena_with_tom, (8, 8, 8, 8, 8, 8, 3))
    kinds = set()
    for signal in Signal.objects.select_related("relationship__therapist"):
        kinds.add(signal.kind)
        assert open_signal(signal.relationship.therapist, signal).status_code == 200
    assert kinds == {
        "rupture",
        "component_low",
        "low_start",
        "different_views",
        "flat_top",
        "feedback_missing",
        "getting_worse",
    }


def test_nobody_is_said_to_have_been_told_where_the_client_does_not_know_of_supervision(cast: Cast):
    live_through(cast.ben_with_maya, (8, 8, 8, 8, 8, 8, 4))
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8, 4))
    actions.escalate_unseen(actor=SETUP, now=NOON)
    for relationship, said, unsaid in (
        (cast.ben_with_maya, "Waited too long unseen", "Passed on to the supervisor"),
        (cast.sam_with_maya, "Passed on to the supervisor", "Waited too long unseen"),
    ):
        html = open_signal(cast.maya, Signal.objects.get(relationship=relationship, kind="rupture")).content.decode()
        assert said in html
        assert unsaid not in html


def test_each_kind_says_in_its_own_words_that_it_recovered_and_fell_again(cast: Cast):
    weeks = live_through(cast.sam_with_maya, (8, None, None, None))
    answer(of(weeks[-1], RespondentRole.CLIENT), at=NOON)
    html = open_signal(cast.maya, Signal.objects.get(kind="feedback_missing")).content.decode()
    assert "An answer has come" in html
    assert "expected range" not in html.split("What happened so far")[1]
    assert set(RECOVERED) == set(RETURNED) == set(Kind.values)


def test_a_signal_from_earlier_questions_says_so_and_keeps_its_picture(cast: Cast):
    live_through(cast.ben_with_maya, (8, 8, 8, 8, 8, 8, 4))
    Relationship.objects.filter(pk=cast.ben_with_maya.pk).update(audience=Audience.ADULT)
    answer(of(hold_session(cast.ben_with_maya, at=NOON), RespondentRole.CLIENT), at=NOON, alliance=9)
    for kind in ("rupture", "component_low"):
        signal = Signal.objects.filter(relationship=cast.ben_with_maya, kind=kind).first()
        if signal is not None:
            html = open_signal(cast.maya, signal).content.decode()
            assert "Other questions are asked now" in html
            assert "other questions were asked" in html
            assert "Recovered" not in html


def test_the_note_says_who_will_read_it(cast: Cast, rupture: Signal):
    html = open_signal(cast.maya, rupture).content.decode()
    assert html.count("so can your supervisor if your client was told") >= 3
    assert "For your own record" not in html


def test_the_supervisor_is_told_what_a_supervisor_can_do(cast: Cast, rupture: Signal):
    page = open_signal(cast.sol, rupture).content.decode()
    line = browser_of(cast.sol).get(reverse("supervision")).content.decode()
    for html in (page, line):
        assert "Help the therapist ask what happened" in html
    assert "Ask what happened between you" not in line
    assert "What the therapist reads here: Ask what happened between you" in page
    assert "A conversation to have next" not in page
    client = browser_of(cast.sol).get(reverse("client_page", args=[cast.sam_with_maya.pk])).content.decode()
    assert "Next step: Help the therapist ask what happened." in client
