"""Staff show a second factor, and a session left alone ends."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.messages import get_messages
from django.test import Client, override_settings

from openrapport.people.models import User
from openrapport.web.account.middleware import LAST_SEEN
from openrapport.web.account.second_factor import DEMO_SIGN_IN
from tests.browsing import browser_of
from tests.cast import NOON, Cast

PAGE = "/practice/invitations/"


def by_code_only(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def put(client: Client, **values: object) -> None:
    session = client.session
    session.update(values)
    session.save()


def test_staff_without_a_second_factor_are_led_to_set_one_up(cast: Cast) -> None:
    client = by_code_only(cast.maya)
    answer = client.get(f"{PAGE}?show=pending")
    assert answer.status_code == 302
    assert answer["Location"] == "/account/set-up/?next=%2Fpractice%2Finvitations%2F%3Fshow%3Dpending"
    assert client.get(answer["Location"]).status_code == 200


def test_staff_who_have_one_but_did_not_show_it_are_asked_for_it(cast: Cast) -> None:
    Authenticator.objects.create(user=cast.maya, type=Authenticator.Type.TOTP, data={})
    answer = by_code_only(cast.maya).get(PAGE)
    assert answer["Location"].startswith("/account/confirm/?next=")


def test_recovery_codes_alone_are_no_second_factor(cast: Cast) -> None:
    client = browser_of(cast.maya)
    Authenticator.objects.filter(user=cast.maya).update(type=Authenticator.Type.RECOVERY_CODES)
    assert client.get(PAGE)["Location"].startswith("/account/set-up/")


def test_staff_who_showed_it_go_on(cast: Cast) -> None:
    assert browser_of(cast.maya).get(PAGE).status_code == 200


def test_what_was_shown_counts_for_that_person_only(cast: Cast) -> None:
    client = browser_of(cast.maya)
    put(client, account_authentication_methods_user=str(cast.tom.pk))
    assert client.get(PAGE).status_code == 302


def test_clients_may_do_without(cast: Cast) -> None:
    assert by_code_only(cast.sam).get("/account/devices/").status_code == 200
    assert "/account/" not in by_code_only(cast.sam).get("/").headers.get("Location", "")


@pytest.mark.parametrize("path", ["/help-now", "/account/", "/health/live", "/account/sign-out/"])
def test_help_account_and_signing_out_stay_open(cast: Cast, path: str) -> None:
    assert by_code_only(cast.maya).get(path).status_code == 200


def test_the_mark_of_the_demo_counts_in_the_demo_only(cast: Cast) -> None:
    client = by_code_only(cast.maya)
    put(client, **{DEMO_SIGN_IN: True})
    assert client.get(PAGE).status_code == 302
    with override_settings(DEMO=True):
        assert client.get(PAGE).status_code == 200


def test_script_gets_no_page_in_place_of_what_it_sent(cast: Cast) -> None:
    client = by_code_only(cast.maya)
    assert client.post(PAGE, headers={"Sec-Fetch-Mode": "cors"}).status_code == 401
    assert client.post(PAGE, headers={"Accept": "application/json"}).status_code == 401
    answer = client.get(PAGE, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"][:16]) == (204, "/account/set-up/")


@pytest.mark.parametrize(("name", "minutes"), [("maya", 30), ("sam", 120)])
def test_a_session_left_alone_ends_and_the_page_comes_back_after_signing_in(
    cast: Cast, name: str, minutes: int
) -> None:
    client = browser_of(getattr(cast, name))
    page = PAGE if name == "maya" else "/home/"
    with time_machine.travel(NOON, tick=False):
        put(client, **{LAST_SEEN: int(NOON.timestamp())})
    with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
        client.get(page)
        assert "_auth_user_id" in client.session
    with time_machine.travel(NOON + timedelta(minutes=2 * minutes, seconds=1), tick=False):
        answer = client.get(f"{page}?x=1")
    assert answer["Location"] == f"/account/sign-in/?next={page.replace('/', '%2F')}%3Fx%3D1"
    assert "_auth_user_id" not in client.session
    assert [str(one) for one in get_messages(answer.wsgi_request)] == [
        "You were away for a while, so we signed you out. Sign in to go on where you were."
    ]


def test_a_form_sent_too_late_leads_back_to_the_page_it_stood_on(cast: Cast) -> None:
    client = browser_of(cast.maya)
    put(client, **{LAST_SEEN: 1})
    answer = client.post("/practice/invitations/new/", headers={"Referer": "http://testserver/practice/settings/"})
    assert answer["Location"] == "/account/sign-in/?next=%2Fpractice%2Fsettings%2F"
    put(client := browser_of(cast.maya), **{LAST_SEEN: 1})
    answer = client.post("/practice/invitations/new/", headers={"Referer": "https://elsewhere.test/x/"})
    assert answer["Location"] == "/account/sign-in/?next=%2F"


def test_script_that_sends_too_late_is_told_so(cast: Cast) -> None:
    client = browser_of(cast.sam)
    put(client, **{LAST_SEEN: 1})
    assert client.post("/home/", headers={"Sec-Fetch-Mode": "same-origin"}).status_code == 401


def test_help_opens_even_when_the_session_just_ended(cast: Cast) -> None:
    client = browser_of(cast.sam)
    put(client, **{LAST_SEEN: 1})
    assert client.get("/help-now").status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_moment_last_seen_is_written_once_a_minute_at_most(cast: Cast) -> None:
    client = browser_of(cast.sam)
    for seconds, expected in ((0, 0), (59, 0), (60, 60)):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            client.get("/account/")
            assert client.session[LAST_SEEN] == int(NOON.timestamp()) + expected
