"""The page of a check-in for people who signed in: whose it is, what it takes, what it refuses, what it keeps."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.checkins.models import Answer, CheckIn, Score
from openrapport.people.models import User
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import State
from openrapport.web.check_in.forms import LONGEST_WORDS
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import answer, hold_session

TRUST, WORDS = "alliance-adult__trust", "alliance-adult__one_thing"
JSON = {"Accept": "application/json"}


def address(check_in: CheckIn) -> str:
    return f"/check-in/{check_in.pk}/"


def answers(**more: object) -> dict[str, object]:
    return {"key": str(uuid4()), "who_sees": "now", TRUST: "7", "alliance-adult__empathy": "", WORDS: "Slower"} | more


@pytest.mark.parametrize("name", ["lena", "maya", "sol", "ada", "gita", "zoe", "yan"])
def test_nobody_else_finds_a_clients_check_in(cast: Cast, of_sam: CheckIn, name: str) -> None:
    browser = browser_of(cast.everybody()[name])
    for path in ("", "thanks/", "token/"):
        refused, missing = browser.get(address(of_sam) + path), browser.get(f"/check-in/{uuid4()}/{path}")
        assert refused.status_code == missing.status_code == 404
        assert refused.content == missing.content
    assert browser.post(address(of_sam), answers()).status_code == 404
    of_sam.refresh_from_db()
    assert not of_sam.is_submitted


def test_guardian_finds_her_own_check_in_and_not_the_teens(cast: Cast, of_ben: CheckIn, of_gita: CheckIn) -> None:
    browser = browser_of(cast.gita)
    assert browser.get(address(of_ben)).status_code == 404
    page = browser.get(address(of_gita)).content.decode()
    assert "alliance-guardian__trust" in page
    assert "Your child does not see your answers here." in page


def test_somebody_signed_out_is_led_to_the_sign_in_page_whatever_is_asked_for(of_sam: CheckIn) -> None:
    for path in (address(of_sam), f"/check-in/{uuid4()}/"):
        assert Client().get(path).headers["Location"].startswith("/account/")


def test_answers_are_saved_with_their_score_and_thanked_for(of_sam: CheckIn) -> None:
    browser = browser_of(of_sam.respondent)
    sent = answers(**{f"alliance-adult__{item}": "9" for item in ("respect", "genuineness", "active_listening")})
    response = browser.post(address(of_sam), sent | {"alliance-adult__shared_goals": "9"})
    assert response.headers["Location"] == f"{address(of_sam)}thanks/"
    of_sam.refresh_from_db()
    assert (of_sam.disclosure, of_sam.via) == ("now", "page")
    kept = {answer.item: answer.value or answer.words for answer in Answer.objects.filter(check_in=of_sam)}
    assert kept == {
        "trust": 7, "respect": 9, "genuineness": 9, "active_listening": 9, "shared_goals": 9, "one_thing": "Slower",
    }  # fmt: skip
    assert Score.objects.get(check_in=of_sam, instrument="alliance-adult@1", scale="total").value == pytest.approx(8.6)
    assert "Maya can read it now." in browser.get(f"{address(of_sam)}thanks/").content.decode()


def test_script_hears_saved_only_with_the_address_of_the_thanks(of_sam: CheckIn) -> None:
    response = browser_of(of_sam.respondent).post(address(of_sam), answers(), headers=JSON)
    assert response.json() == {"saved": True, "redirect": f"{address(of_sam)}thanks/"}
    assert CheckIn.objects.get(pk=of_sam.pk).is_submitted


def test_thanks_are_not_said_before_anything_was_sent(of_sam: CheckIn) -> None:
    response = browser_of(of_sam.respondent).get(f"{address(of_sam)}thanks/")
    assert response.headers["Location"] == address(of_sam)


def test_the_same_answers_sent_twice_are_recorded_once(of_sam: CheckIn) -> None:
    browser, sent = browser_of(of_sam.respondent), answers()
    for _ in range(2):
        assert browser.post(address(of_sam), sent).headers["Location"].endswith("/thanks/")
    assert Answer.objects.filter(check_in=of_sam).count() == 2


def test_line_ends_do_not_make_other_content(of_sam: CheckIn) -> None:
    browser, sent = browser_of(of_sam.respondent), answers(**{WORDS: "One\nTwo"})
    browser.post(address(of_sam), sent)
    assert browser.post(address(of_sam), sent | {WORDS: "One\r\nTwo"}).status_code == 302


@pytest.mark.parametrize("same_key", [True, False])
def test_other_answers_to_an_answered_check_in_are_refused_and_the_first_stay(of_sam: CheckIn, same_key: bool) -> None:
    browser, sent = browser_of(of_sam.respondent), answers()
    browser.post(address(of_sam), sent)
    other = sent | {TRUST: "2"} | ({} if same_key else {"key": str(uuid4())})
    refused = browser.post(address(of_sam), other)
    assert refused.status_code == 409
    assert "The first answers were kept" in refused.content.decode()
    assert browser.post(address(of_sam), other, headers=JSON).json() == {"saved": False, "reason": "already_sent"}
    assert Answer.objects.get(check_in=of_sam, item="trust").value == 7


def test_a_key_of_another_check_in_is_refused(cast: Cast, of_sam: CheckIn) -> None:
    browser, sent = browser_of(of_sam.respondent), answers()
    browser.post(address(of_sam), sent)
    other = hold_session(cast.sam_with_maya, at=NOON).check_ins[0]
    assert browser.post(address(other), sent).status_code == 409
    assert not CheckIn.objects.get(pk=other.pk).is_submitted


def test_without_a_choice_who_sees_it_nothing_is_saved_and_nothing_is_lost(of_sam: CheckIn) -> None:
    response = browser_of(of_sam.respondent).post(address(of_sam), answers(who_sees=""))
    page = response.content.decode()
    assert response.status_code == 422
    assert "Please choose who may see your answers." in page
    assert "Slower</textarea>" in page
    assert 'value="7" checked' in page
    assert not CheckIn.objects.get(pk=of_sam.pk).is_submitted


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (TRUST, "11", "That is not one of the answers."),
        (TRUST, "7.5", "That is not one of the answers."),
        (TRUST, "<script>", "That is not one of the answers."),
        (WORDS, "a" * (LONGEST_WORDS + 1), "Please make it shorter."),
        (WORDS, "turned \u202e round", "There were hidden characters"),
        (WORDS, "nothing \x00 here", "There were hidden characters"),
        ("who_sees", "everybody", "That choice is not open here."),
        ("key", "not-a-key", "Please look at this again."),
    ],
)
def test_what_cannot_be_kept_is_named_and_comes_back(of_sam: CheckIn, field: str, value: str, sentence: str) -> None:
    response = browser_of(of_sam.respondent).post(address(of_sam), answers(**{field: value}))
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "\x00" not in page
    assert "\u202e" not in page
    assert not CheckIn.objects.get(pk=of_sam.pk).is_submitted


def test_right_to_left_writing_keeps_its_marks(of_sam: CheckIn) -> None:
    browser_of(of_sam.respondent).post(address(of_sam), answers(**{WORDS: "שלום\u200f 2"}))
    assert Answer.objects.get(check_in=of_sam, item="one_thing").words == "שלום\u200f 2"


def test_an_untouched_and_a_skipped_question_both_store_nothing(of_sam: CheckIn) -> None:
    sent = {"key": str(uuid4()), "who_sees": "private", TRUST: "", WORDS: "   "}
    assert browser_of(of_sam.respondent).post(address(of_sam), sent).status_code == 302
    assert Answer.objects.filter(check_in=of_sam).count() == 0
    assert Score.objects.get(check_in=of_sam, instrument="alliance-adult@1", scale="total").value is None


def test_a_paused_relationship_takes_nothing_new(cast: Cast, of_sam: CheckIn) -> None:
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.PAUSED, now=NOON)
    browser = browser_of(of_sam.respondent)
    assert "not open now" in browser.get(address(of_sam)).content.decode()
    assert browser.post(address(of_sam), answers()).status_code == 409
    assert browser.post(address(of_sam), answers(), headers=JSON).json()["reason"] == "closed"


def offered(check_in: CheckIn) -> list[str]:
    page = browser_of(check_in.respondent).get(address(check_in)).content.decode()
    return [who for who in ("now", "next_session", "supervisor_only", "private") if f'value="{who}"' in page]


def test_the_supervisor_is_offered_only_where_the_client_was_told(of_sam: CheckIn, of_ben: CheckIn) -> None:
    assert offered(of_sam) == ["now", "next_session", "supervisor_only", "private"]
    assert offered(of_ben) == ["now", "next_session", "private"]


def test_the_therapist_chooses_between_supervisor_and_nobody(of_maya: CheckIn) -> None:
    assert offered(of_maya) == ["now", "private"]
    refused = browser_of(of_maya.respondent).post(address(of_maya), answers(who_sees="next_session"))
    assert refused.status_code == 422


def test_nothing_is_chosen_beforehand(of_sam: CheckIn) -> None:
    assert " checked" not in browser_of(of_sam.respondent).get(address(of_sam)).content.decode()


def test_the_page_speaks_the_respondents_language_unless_they_chose_another(of_sam: CheckIn) -> None:
    User.objects.filter(pk=of_sam.respondent_id).update(language="es")
    browser = browser_of(of_sam.respondent)
    spanish = browser.get(address(of_sam))
    assert "¿Cuánta seguridad sentiste" in spanish.content.decode()
    assert spanish.headers["Content-Language"] == "es"
    browser.cookies["django_language"] = "en"
    assert "How safe did it feel" in browser.get(address(of_sam)).content.decode()


def test_only_an_open_check_in_may_be_kept_on_the_device(of_sam: CheckIn) -> None:
    browser = browser_of(of_sam.respondent)
    opened = browser.get(address(of_sam))
    assert opened.headers["X-Keep-On-Device"] == "check-in"
    assert "no-store" in opened.headers["Cache-Control"]
    browser.post(address(of_sam), answers())
    assert "X-Keep-On-Device" not in browser.get(address(of_sam)).headers


def test_a_late_sending_gets_a_token_and_hears_whether_it_is_still_awaited(of_sam: CheckIn) -> None:
    browser = browser_of(of_sam.respondent)
    assert browser.get(f"{address(of_sam)}token/").json()["open"] is True
    answer(of_sam, at=NOON + timedelta(minutes=1))
    said = browser.get(f"{address(of_sam)}token/").json()
    assert said["open"] is False
    assert said["csrf_token"]


def test_a_form_without_its_token_is_not_taken(of_sam: CheckIn) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(of_sam.respondent)
    assert browser.post(address(of_sam), answers()).status_code == 403


def test_answers_are_on_record_under_the_respondents_name(of_sam: CheckIn) -> None:
    browser_of(of_sam.respondent).post(address(of_sam), answers())
    line = AuditLine.objects.get(deed="complete_check_in", object_id=of_sam.pk)
    assert line.actor == Actor(user=of_sam.respondent).label
