"""Two doors without an account: a link, and a code on a handed-over device. Both open one check-in, once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from openrapport.checkins.actions import issue_kiosk_code, issue_link
from openrapport.checkins.models import CheckIn
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import State
from openrapport.web.check_in.throttle import network_of
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast

JSON = {"Accept": "application/json"}


def link_to(check_in: CheckIn) -> str:
    return f"/c/{issue_link(check_in, valid_for=timedelta(hours=1), now=NOON).secret}/"


def code_for(check_in: CheckIn) -> str:
    return issue_kiosk_code(check_in, valid_for=timedelta(minutes=10), now=NOON).secret


def answers(**more: object) -> dict[str, object]:
    return {"key": str(uuid4()), "who_sees": "now"} | more


def test_looking_at_a_link_does_not_use_it_up(of_sam: CheckIn) -> None:
    link = link_to(of_sam)
    for _ in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert Client().post(link, answers()).status_code == 302
    of_sam.refresh_from_db()
    assert (of_sam.is_submitted, of_sam.via) == (True, "link")


def test_a_link_leaves_no_trace(of_sam: CheckIn) -> None:
    browser = Client()
    response = browser.get(link_to(of_sam))
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]
    assert "X-Keep-On-Device" not in response.headers
    assert set(browser.cookies) == {"csrftoken"}
    assert Session.objects.count() == 0


def test_a_link_tells_of_nobody_but_the_therapists_first_name(of_sam: CheckIn) -> None:
    page = Client().get(link_to(of_sam)).content.decode()
    assert "Maya" in page
    for hidden in ("Maya Example", "Sam Example", "Willow", "Sol", "/home/"):
        assert hidden not in page


def test_a_used_an_old_and_an_invented_link_look_the_same(of_sam: CheckIn) -> None:
    used, old = link_to(of_sam), link_to(of_sam)
    Client().post(used, answers())
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        bodies = {Client().get(link).content for link in (used, old, "/c/invented/")}
        assert {Client().get(link).status_code for link in (used, old)} == {404}
    assert len(bodies) == 1


def test_the_same_answers_through_a_link_twice_are_thanked_twice(of_sam: CheckIn) -> None:
    link, sent = link_to(of_sam), answers()
    assert Client().post(link, sent).status_code == 302
    assert Client().post(link, sent).status_code == 302
    assert Client().post(link, sent | {"alliance-adult__trust": "3"}).status_code == 409
    assert Client().post(link, answers()).status_code == 404


def test_a_link_dies_with_the_relationship(cast: Cast, of_sam: CheckIn) -> None:
    link = link_to(of_sam)
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.PAUSED, now=NOON)
    assert Client().get(link).status_code == 404
    assert Client().post(link, answers()).status_code == 404


def test_guessing_links_is_slowed_down(of_sam: CheckIn) -> None:
    link = link_to(of_sam)
    for number in range(30):
        Client().get(f"/c/guess-{number}/")
    shut = Client().get(link)
    assert (shut.status_code, shut.headers["Retry-After"]) == (429, "600")
    assert Client(REMOTE_ADDR="192.0.2.9").get(link).status_code == 200


def test_thanks_after_a_link_cannot_be_invented(of_sam: CheckIn) -> None:
    thanks = Client().post(link_to(of_sam), answers()).headers["Location"]
    assert "Maya can read it now." in Client().get(thanks).content.decode()
    assert Client().get("/c/thanks/").status_code == 404
    with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
        assert Client().get(thanks).status_code == 404


def open_kiosk(check_in: CheckIn, browser: Client | None = None) -> Client:
    browser = browser or Client()
    assert browser.post("/kiosk/", {"code": code_for(check_in)}).headers["Location"] == "/kiosk/check-in/"
    return browser


def test_a_code_is_read_as_people_type_it(of_kit: CheckIn) -> None:
    code = code_for(of_kit)
    typed = f" {code[:3].lower()}-{code[3:].lower()} "
    assert Client().post("/kiosk/", {"code": typed}).status_code == 302


def test_a_code_opens_one_check_in_once_and_is_forgotten(of_kit: CheckIn) -> None:
    browser = open_kiosk(of_kit)
    page = browser.get("/kiosk/check-in/")
    assert "Hi Kit!" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    sent = browser.post("/kiosk/check-in/", answers())
    thanks = browser.get(sent.headers["Location"])
    assert thanks.headers["Refresh"] == "30; url=/kiosk/"
    assert not browser.cookies["handed_over"].value
    assert browser.get("/kiosk/check-in/").headers["Location"] == "/kiosk/"
    of_kit.refresh_from_db()
    assert (of_kit.is_submitted, of_kit.via) == (True, "kiosk")


def test_the_page_on_a_handed_over_device_names_nothing_to_store_under(of_kit: CheckIn) -> None:
    page = open_kiosk(of_kit).get("/kiosk/check-in/").content.decode()
    assert str(of_kit.pk) not in page
    assert str(of_kit.respondent_id) not in page
    assert 'data-mode="kiosk"' in page


def test_the_therapist_is_signed_out_before_the_device_is_handed_over(cast: Cast, of_kit: CheckIn) -> None:
    browser = open_kiosk(of_kit, browser_of(cast.maya))
    assert Session.objects.count() == 0
    assert browser.get("/home/").status_code == 302


def test_who_begins_in_the_last_minute_gets_time_to_finish(of_kit: CheckIn) -> None:
    code = code_for(of_kit)
    with time_machine.travel(NOON + timedelta(minutes=9), tick=False):
        browser = Client()
        browser.post("/kiosk/", {"code": code})
    with time_machine.travel(NOON + timedelta(minutes=25), tick=False):
        assert browser.post("/kiosk/check-in/", answers(), headers=JSON).json()["saved"] is True


def test_when_the_time_is_up_it_is_said_and_nothing_is_saved(of_kit: CheckIn) -> None:
    browser = open_kiosk(of_kit)
    with time_machine.travel(NOON + timedelta(minutes=31), tick=False):
        late = browser.post("/kiosk/check-in/", answers())
    assert late.status_code == 410
    assert "ran out" in late.content.decode()
    assert not CheckIn.objects.get(pk=of_kit.pk).is_submitted


@pytest.mark.parametrize("code", ["", "WRONG2", "x" * 41, "\x00"])
def test_a_wrong_code_is_answered_with_a_sentence(code: str) -> None:
    response = Client().post("/kiosk/", {"code": code})
    assert response.status_code == 422
    assert "field-error" in response.content.decode()


def test_wrong_codes_are_counted(of_kit: CheckIn) -> None:
    code = code_for(of_kit)
    for _ in range(10):
        Client().post("/kiosk/", {"code": "WRONG2"})
    shut = Client().post("/kiosk/", {"code": code})
    assert shut.status_code == 429
    assert "Please wait ten minutes" in shut.content.decode()
    with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
        assert Client().post("/kiosk/", {"code": "WRONG2"}).status_code == 422


def test_a_link_is_no_code_and_a_code_is_no_link(of_kit: CheckIn) -> None:
    assert Client().get(f"/c/{code_for(of_kit)}/").status_code == 404
    secret = link_to(of_kit).split("/")[2]
    assert Client().post("/kiosk/", {"code": secret}).status_code == 422


def test_the_service_worker_may_watch_over_everything_and_the_manifest_is_neutral() -> None:
    worker = Client().get("/sw.js")
    assert worker.headers["Service-Worker-Allowed"] == "/"
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert b"/static/openrapport/check_in/check-in.js" in worker.content
    manifest = Client().get("/manifest.webmanifest").json()
    assert "therap" not in str(manifest).lower()


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_all_addresses_of_one_ipv6_network_are_counted_together(one: str, other: str, together: bool) -> None:
    assert (network_of(one) == network_of(other)) is together
