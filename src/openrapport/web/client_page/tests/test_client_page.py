from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import GivenAnswers
from openrapport.checkins.models import CheckInPass, Disclosure, PassKind, RespondentRole
from openrapport.people.actions import deactivate_user
from openrapport.people.models import User
from openrapport.practices.models import Membership
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import Relationship, State, StateChange
from openrapport.sessions.models import Format, TherapySession
from openrapport.workflows.complete_check_in import complete_check_in
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import answer, given_for, hold_session, live_through, of
from tests.many_relationships import store_fit

pytestmark = pytest.mark.django_db
POSTS = ("record_session", "make_kiosk_code", "tell_supervision", "change_state")


@pytest.fixture(autouse=True)
def _stopped_clock():
    with time_machine.travel(NOON, tick=False):
        yield


def get(user: User | None, name: str, relationship: Relationship, query: str = ""):
    return browser_of(user).get(reverse(name, args=[relationship.pk]) + query)


def post(user: User | None, name: str, relationship: Relationship, **fields: str):
    return browser_of(user).post(reverse(name, args=[relationship.pk]), fields)


def test_the_page_shows_both_views_words_and_the_band(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8), therapist=(8, 8, 8, 8, 8, 8))
    opened = hold_session(cast.sam_with_maya, at=NOON - timedelta(days=2))
    answer(of(opened, RespondentRole.CLIENT), at=NOON - timedelta(days=1), alliance=4, words="You looked at the clock.")
    html = get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
    for expected in (
        "Sam Example",
        "7 sessions",
        "Possible rupture",
        "You looked at the clock.",
        "Session 7 · shared at once",
        "7 of 7",
        "Provisional",
        "What the client chose not to share is not counted or shown here.",
    ):
        assert expected in html, expected


def test_the_page_says_what_the_expected_range_rests_on(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 8), wellbeing=(5, 5, 6))
    assumed = get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
    assert assumed.count("comes from the instrument&#x27;s assumptions") == 2  # under both charts
    assert "Expected range (provisional)</th>" in assumed
    store_fit(cast.willow)
    store_fit(cast.harbour, instrument="wellbeing-adult@1")
    for reader in (cast.maya, cast.sol):
        measured = get(reader, "client_page", cast.sam_with_maya).content.decode()
        assert "comes from 240 relationships in this practice" in measured
        assert "Expected range (from 240 relationships here)</th>" in measured
        assert measured.count("comes from the instrument&#x27;s assumptions") == 1  # wellbeing: only next door knows


def test_the_page_says_where_the_practices_range_does_not_reach(cast: Cast):
    store_fit(cast.willow)
    live_through(cast.sam_with_maya, (2, 8, 8))
    assert "Hardly anybody here began so low" in get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
    live_through(cast.ben_with_maya, (None, 8, 8))
    store_fit(cast.willow, instrument="alliance-teen@1")
    html = get(cast.maya, "client_page", cast.ben_with_maya).content.decode()
    assert "range begins with a shared rating of the first session" in html


@pytest.mark.parametrize("person", ["sam", "tom", "ada", "zoe", "yan", "gita", "lena"])
def test_everybody_else_gets_404_on_every_address(cast: Cast, person: str):
    user = getattr(cast, person)
    assert get(user, "client_page", cast.sam_with_maya).status_code == 404
    for name in POSTS:
        assert post(user, name, cast.sam_with_maya, to="end").status_code == 404


@pytest.mark.parametrize("person", ["ben", "gita", "hugo", "sol"])
def test_teen_guardians_and_an_untold_supervisor_get_404(cast: Cast, person: str):
    assert get(getattr(cast, person), "client_page", cast.ben_with_maya).status_code == 404


def test_a_refusal_is_the_same_page_as_absence(cast: Cast):
    refused = get(cast.tom, "client_page", cast.sam_with_maya)
    absent = browser_of(cast.tom).get(reverse("client_page", args=[cast.tom.pk]))
    assert (refused.status_code, refused.content) == (absent.status_code, absent.content)


def test_whoever_is_not_signed_in_is_led_to_the_sign_in(cast: Cast, settings):
    settings.LOGIN_URL = "/sign-in/"
    response = get(None, "client_page", cast.sam_with_maya)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_a_deactivated_or_former_member_is_shut_out_at_once(cast: Cast, settings):
    settings.LOGIN_URL = "/sign-in/"
    browser = browser_of(cast.maya)
    address = reverse("client_page", args=[cast.sam_with_maya.pk])
    assert browser.get(address).status_code == 200
    Membership.objects.filter(user=cast.maya).update(until=NOON)
    assert browser.get(address).status_code == 404
    deactivate_user(cast.maya, now=NOON)
    assert browser.get(address).status_code == 302


def test_the_supervisor_reads_and_does_nothing(cast: Cast):
    live_through(cast.sam_with_maya, (8,))
    opened = hold_session(cast.sam_with_maya, at=NOON - timedelta(days=2))
    given = {"alliance": 3, "disclosure": Disclosure.SUPERVISOR_ONLY, "words": "Only for Sol."}
    answer(of(opened, RespondentRole.CLIENT), at=NOON - timedelta(days=1), **given)
    html = get(cast.sol, "client_page", cast.sam_with_maya).content.decode()
    assert "Only for Sol." in html
    assert "for the supervisor only" in html
    assert "Record a session" not in html
    for name in POSTS:
        assert post(cast.sol, name, cast.sam_with_maya, to="end").status_code == 404
    assert "Only for Sol." not in get(cast.maya, "client_page", cast.sam_with_maya).content.decode()


@pytest.mark.parametrize("kept", [Disclosure.PRIVATE, Disclosure.NEXT_SESSION, Disclosure.SUPERVISOR_ONLY])
def test_what_is_kept_back_leaves_no_trace_on_the_therapists_page(cast: Cast, kept: Disclosure):
    live_through(cast.sam_with_maya, (8, None))

    def page_without_tokens() -> list[str]:
        html = get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
        return [line for line in html.splitlines() if "csrfmiddlewaretoken" not in line]

    before = page_without_tokens()
    waiting = cast.sam_with_maya.check_ins.get(session__number=2, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON, alliance=1, disclosure=kept, words="CANARY")
    assert page_without_tokens() == before


def test_an_ended_relationship_is_readable_and_takes_nothing(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8))
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    html = get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
    assert "Your work together ended" in html
    assert "Record a session" not in html
    assert "End our work together" not in html
    for name in POSTS:
        assert post(cast.maya, name, cast.sam_with_maya, to="end").status_code == 404


def test_a_session_that_was_held_opens_its_check_ins(cast: Cast):
    response = post(cast.maya, "record_session", cast.sam_with_maya, day="2026-03-02", begin="11:00", format="video")
    assert response.status_code == 302
    session = TherapySession.objects.get(relationship=cast.sam_with_maya)
    assert (session.number, session.format) == (1, Format.VIDEO)
    assert session.starts_at == NOON - timedelta(hours=2), "eleven in Madrid"
    assert set(session.check_ins.values_list("role", flat=True)) == {"client", "therapist"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"day": "2026-03-03", "begin": "11:00"}, "has not come yet"),
        ({"day": "soon", "begin": "11:00"}, "Enter a valid date."),
        ({"day": "2026-02-01", "begin": "11:00"}, "The next one begins later than that"),
    ],
)
def test_a_wrong_day_is_said_at_the_field_and_nothing_is_lost(cast: Cast, fields: dict[str, str], words: str):
    hold_session(cast.sam_with_maya, at=NOON - timedelta(days=7))
    response = post(cast.maya, "record_session", cast.sam_with_maya, format="video", **fields)
    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert fields["day"] in html
    assert 'value="video"' in html.split("checked")[0].rsplit("<input", 1)[1]
    assert TherapySession.objects.count() == 1


def test_recording_the_same_session_twice_records_it_once(cast: Cast):
    same = {"day": "2026-03-02", "begin": "11:00", "format": "video"}
    post(cast.maya, "record_session", cast.sam_with_maya, **same)
    assert post(cast.maya, "record_session", cast.sam_with_maya, **same).status_code == 422
    assert TherapySession.objects.count() == 1


def test_a_paused_relationship_takes_no_session(cast: Cast):
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.PAUSED, now=NOON)
    assert "Record a session" not in get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
    assert get(cast.maya, "record_session", cast.sam_with_maya).status_code == 404
    response = post(cast.maya, "record_session", cast.sam_with_maya, day="2026-03-02", begin="11:00", format="video")
    assert response.status_code == 404
    assert post(cast.maya, "make_kiosk_code", cast.sam_with_maya).status_code == 404


def test_a_kiosk_code_is_shown_once_and_lives_ten_minutes(cast: Cast):
    hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=1))
    response = post(cast.maya, "make_kiosk_code", cast.sam_with_maya)
    issued = CheckInPass.objects.get(kind=PassKind.KIOSK)
    assert response.status_code == 200
    assert issued.expires_at == NOON + timedelta(minutes=10)
    assert issued.check_in.respondent == cast.sam


def test_a_code_is_made_even_when_the_client_answered_for_themselves(cast: Cast):
    opened = hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=2))
    answer(of(opened, RespondentRole.CLIENT), at=NOON - timedelta(hours=1), disclosure=Disclosure.PRIVATE)
    assert post(cast.maya, "make_kiosk_code", cast.sam_with_maya).status_code == 200


def test_telling_about_supervision_opens_the_record_to_the_supervisor(cast: Cast):
    assert get(cast.sol, "client_page", cast.ben_with_maya).status_code == 404
    assert "My client knows about supervision" in get(cast.maya, "client_page", cast.ben_with_maya).content.decode()
    assert post(cast.maya, "tell_supervision", cast.ben_with_maya).status_code == 302
    assert get(cast.sol, "client_page", cast.ben_with_maya).status_code == 200


def test_without_a_supervisor_there_is_nothing_to_tell(cast: Cast):
    assert post(cast.tom, "tell_supervision", cast.lena_with_tom).status_code == 404


def test_pause_go_on_and_end_ask_first(cast: Cast):
    for to, before, after in (
        ("pause", State.ACTIVE, State.PAUSED),
        ("resume", State.PAUSED, State.ACTIVE),
        ("end", State.ACTIVE, State.ENDED),
    ):
        assert get(cast.maya, "change_state", cast.sam_with_maya, f"?to={to}").status_code == 200
        cast.sam_with_maya.refresh_from_db()
        assert cast.sam_with_maya.state == before
        fields = {"to": to, "before": before, "reason": "moved away"}
        assert post(cast.maya, "change_state", cast.sam_with_maya, **fields).status_code == 302
        cast.sam_with_maya.refresh_from_db()
        assert cast.sam_with_maya.state == after
    assert StateChange.objects.filter(relationship=cast.sam_with_maya).order_by("pk").last().reason == "moved away"


def test_a_state_that_changed_meanwhile_is_not_overwritten(cast: Cast):
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.PAUSED, now=NOON)
    fields = {"to": "end", "before": "active", "reason": "my own words"}
    response = post(cast.maya, "change_state", cast.sam_with_maya, **fields)
    html = response.content.decode()
    assert response.status_code == 409
    assert "my own words" in html
    assert 'name="before" value="paused"' in html
    cast.sam_with_maya.refresh_from_db()
    assert cast.sam_with_maya.state == State.PAUSED


@pytest.mark.parametrize("to", ["", "changed", "active", "\x00"])
def test_a_move_that_is_not_offered_is_404(cast: Cast, to: str):
    assert get(cast.maya, "change_state", cast.sam_with_maya, f"?to={to}").status_code == 404
    assert post(cast.maya, "change_state", cast.sam_with_maya, to=to, before="active").status_code == 404


def test_a_page_without_any_session_invites_to_record_one(cast: Cast):
    html = get(cast.maya, "client_page", cast.kit_with_maya).content.decode()
    assert "No session yet" in html
    assert "guardian: Gwen Example" in html
    assert "<svg" in html
    assert "Alliance over time" not in html


def test_words_are_escaped(cast: Cast):
    opened = hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=2))
    answer(of(opened, RespondentRole.CLIENT), at=NOON - timedelta(hours=1), words="<script>alert(1)</script>")
    assert "<script>alert" not in get(cast.maya, "client_page", cast.sam_with_maya).content.decode()


def test_ratings_are_rounded_as_on_the_chart(cast: Cast):
    check_in = of(hold_session(cast.sam_with_maya, at=NOON), RespondentRole.CLIENT)
    given = given_for(check_in, alliance=8)
    values = {ref: dict(answers) for ref, answers in given.values.items()}
    values["alliance-adult@1"]["trust"] = 7
    complete_check_in(
        actor=Actor(user=cast.sam),
        check_in=check_in,
        given=GivenAnswers(values=values, words={}),
        disclosure=Disclosure.NOW,
        key=uuid4(),
        now=NOON,
    )
    page = get(cast.maya, "client_page", cast.sam_with_maya).context["page"]
    assert (page.figures[0].value, page.sessions[0].client) == ("7.9", "7.9")


def test_feedback_that_came_back_is_not_called_a_range(cast: Cast):
    weeks = live_through(cast.sam_with_maya, (8, None, None, None))
    answer(of(weeks[-1], RespondentRole.CLIENT), at=NOON)
    html = get(cast.maya, "client_page", cast.sam_with_maya).content.decode()
    assert "Since then: An answer has come." in html
    assert "come back to the expected range" not in html


def test_a_former_therapist_does_not_learn_who_is_a_guardian_now(cast: Cast):
    move_relationship(cast.ben_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    html = get(cast.maya, "client_page", cast.ben_with_maya).content.decode()
    assert "Ben Example" in html
    assert "Gita Example" not in html
