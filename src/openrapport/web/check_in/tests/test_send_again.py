"""Answers sent after the sign-in, or the form's token, ran out come back to whoever sent them, and to nobody else."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from openrapport.checkins.actions import issue_kiosk_code, issue_link
from openrapport.checkins.models import CheckIn
from tests.browsing import browser_of
from tests.cast import NOON, Cast

JSON = {"Accept": "application/json"}
HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
TRUST, WORDS = "alliance-adult__trust", "alliance-adult__one_thing"


def address(check_in: CheckIn) -> str:
    return f"/check-in/{check_in.pk}/"


def answers(**more: str) -> dict[str, str]:
    return {
        "key": str(uuid4()),
        "who_sees": "private",
        TRUST: "7",
        "alliance-adult__empathy": "",
        WORDS: "Slower",
    } | more


def holds(page: str, sent: dict[str, str]) -> bool:
    carried = all(f'name="{name}" value="{sent[name]}"' in page for name in ("key", "who_sees", TRUST))
    return carried and f'name="{WORDS}"' in page and f"{sent[WORDS]}</textarea>" in page


def test_answers_of_somebody_signed_out_come_back_with_a_way_to_sign_in(of_sam: CheckIn) -> None:
    sent = answers()
    response = Client().post(address(of_sam), sent)
    page = response.content.decode()
    assert response.status_code == 401
    assert holds(page, sent)
    assert 'href="/account/sign-in/" target="_blank"' in page
    assert 'name="alliance-adult__empathy" value=""' in page, "skipped on purpose"
    assert "no-store" in response.headers["Cache-Control"]
    assert not CheckIn.objects.get(pk=of_sam.pk).is_submitted


def test_the_page_tells_nothing_about_the_check_in(of_sam: CheckIn) -> None:
    sent = answers()
    one, other = address(of_sam), f"/check-in/{uuid4()}/"
    pages = {Client().post(path, sent).content.decode().split("csrfmiddlewaretoken")[0] for path in (one, other)}
    assert len(pages) == 1
    for hidden in ("Maya", "Sam", "How safe did it feel"):
        assert not any(hidden in page for page in pages)


def test_only_answers_come_back(of_sam: CheckIn) -> None:
    page = Client().post(address(of_sam), answers(next="//evil.example", code="123456")).content.decode()
    assert "evil" not in page
    assert "123456" not in page


def test_what_comes_back_is_text_and_no_markup(of_sam: CheckIn) -> None:
    page = Client().post(address(of_sam), answers(**{WORDS: "</textarea><script>alert(1)</script>"})).content.decode()
    assert "<script>alert" not in page


def test_without_answers_one_is_led_to_sign_in(of_sam: CheckIn) -> None:
    assert Client().post(address(of_sam), {"key": str(uuid4())}).headers["Location"].startswith("/account/sign-in/")


def test_script_hears_that_it_has_to_sign_in(of_sam: CheckIn) -> None:
    response = Client().post(address(of_sam), answers(), headers=JSON)
    assert (response.status_code, response.json()["reason"]) == (401, "sign_in")


@pytest.mark.parametrize("headers", [{}, JSON])
def test_somebody_away_too_long_gets_them_back_as_well(of_sam: CheckIn, headers: dict[str, str]) -> None:
    browser, sent = browser_of(of_sam.respondent), answers()
    browser.get(address(of_sam))
    with time_machine.travel(NOON + timedelta(hours=3), tick=False):
        response = browser.post(address(of_sam), sent, headers=headers)
        assert response.status_code == 401
        assert headers or holds(response.content.decode(), sent)
        assert browser.get(address(of_sam)).status_code == 302, "signed out"
    assert not CheckIn.objects.get(pk=of_sam.pk).is_submitted


def test_sent_again_after_signing_in_it_is_recorded_once(of_sam: CheckIn) -> None:
    browser, sent = Client(), answers()
    browser.post(address(of_sam), sent)
    signed_in = browser_of(of_sam.respondent)
    assert [signed_in.post(address(of_sam), sent).status_code for _ in range(2)] == [302, 302]
    assert CheckIn.objects.get(pk=of_sam.pk).disclosure == "private"


def test_sent_again_by_somebody_else_it_is_neither_recorded_nor_shown(cast: Cast, of_sam: CheckIn) -> None:
    response = browser_of(cast.lena).post(address(of_sam), answers())
    assert response.status_code == 404
    assert "Slower" not in response.content.decode()
    assert not CheckIn.objects.get(pk=of_sam.pk).is_submitted


def strict(browser: Client) -> Client:
    made = Client(enforce_csrf_checks=True)
    made.cookies = browser.cookies
    return made


def test_a_form_whose_token_ran_out_comes_back_with_a_new_one(of_sam: CheckIn) -> None:
    browser, sent = strict(browser_of(of_sam.respondent)), answers()
    response = browser.post(address(of_sam), sent, headers=HERE)
    page = response.content.decode()
    assert response.status_code == 403
    assert holds(page, sent)
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert browser.post(address(of_sam), sent | {"csrfmiddlewaretoken": token}, headers=HERE).status_code == 302
    assert CheckIn.objects.get(pk=of_sam.pk).is_submitted


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/check-in/"},
    ],
)
def test_what_another_site_sent_in_is_never_shown_as_ones_own(of_sam: CheckIn, headers: dict[str, str]) -> None:
    response = strict(browser_of(of_sam.respondent)).post(address(of_sam), answers(), headers=headers)
    assert response.status_code == 403
    assert "Slower" not in response.content.decode()


def test_a_link_and_a_handed_over_device_give_back_as_well(of_sam: CheckIn, of_kit: CheckIn) -> None:
    link = issue_link(of_sam, valid_for=timedelta(hours=1), now=NOON).secret
    code = issue_kiosk_code(of_kit, valid_for=timedelta(minutes=10), now=NOON).secret
    device = Client()
    device.post("/kiosk/", {"code": code})
    for browser, path in ((Client(), f"/c/{link}/"), (device, "/kiosk/check-in/")):
        page = strict(browser).post(path, answers(), headers=HERE).content.decode()
        assert "Slower</textarea>" in page
        assert "Sign in</a>" not in page


def test_other_forms_get_the_page_that_says_it_ran_out() -> None:
    response = Client(enforce_csrf_checks=True).post("/theme", {WORDS: "Slower", "who_sees": "now"}, headers=HERE)
    assert response.status_code == 403
    assert "Slower" not in response.content.decode()
