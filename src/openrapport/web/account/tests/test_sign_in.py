"""Signing in by code, and what is not there: passwords, open sign-up, a hint at who has an account."""

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from tests.cast import Cast

SIGN_IN = "/account/sign-in/"
CODE_PAGE = "/account/sign-in/code/"


def code_from_mail() -> str:
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    return found.group()


def ask_for_code(client: Client, email: str, *, next_page: str = "") -> None:
    answer = client.post(SIGN_IN, {"email": email, "next": next_page})
    assert answer.status_code == 302
    assert answer["Location"].startswith(CODE_PAGE)


def test_code_from_the_mail_signs_a_client_in(cast: Cast, client: Client) -> None:
    ask_for_code(client, "SAM@example.test")
    answer = client.post(CODE_PAGE, {"action": "verify", "code": code_from_mail().lower().replace("-", " ")})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(cast.sam.pk)


def test_after_signing_in_the_page_that_was_asked_for_opens(cast: Cast, client: Client) -> None:
    ask_for_code(client, "sam@example.test", next_page="/home/answers/")
    answer = client.post(CODE_PAGE, {"action": "verify", "code": code_from_mail(), "next": "/home/answers/"})
    assert answer["Location"] == "/home/answers/"


def test_a_foreign_next_page_is_ignored(cast: Cast, client: Client) -> None:
    ask_for_code(client, "sam@example.test")
    answer = client.post(CODE_PAGE, {"code": code_from_mail(), "next": "https://elsewhere.test/"})
    assert answer["Location"] == "/"


def test_mail_with_the_code_says_nothing_about_therapy(cast: Cast, client: Client) -> None:
    ask_for_code(client, "sam@example.test")
    letter = mail.outbox[-1]
    assert letter.subject == "Your sign-in code"
    assert letter.from_email == "OpenRapport <no-reply@localhost>"
    whole = f"{letter.subject} {letter.body}".lower()
    assert not [word for word in ("therap", "clinic", "client", "patient", "sam") if word in whole]
    assert code_from_mail() not in letter.subject


def test_unknown_address_sees_the_same_page_and_gets_no_mail(cast: Cast, client: Client) -> None:
    pages = []
    for email in ("sam@example.test", "nobody@example.test"):
        other = Client()
        ask_for_code(other, email)
        page = other.get(CODE_PAGE).content.decode().replace(email, "")
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page))
    assert len(mail.outbox) == 1
    assert pages[0] == pages[1]


def test_a_wrong_code_is_said_at_the_field_and_five_end_the_try(cast: Cast, client: Client) -> None:
    ask_for_code(client, "sam@example.test")
    answer = client.post(CODE_PAGE, {"code": "WRNG-CODE"})
    assert "That code is not right" in answer.content.decode()
    for _ in range(4):
        answer = client.post(CODE_PAGE, {"code": "WRNG-CODE"})
    assert answer.status_code == 302
    answer = client.post(CODE_PAGE, {"code": code_from_mail()})
    assert "_auth_user_id" not in client.session


def test_codes_for_one_address_are_throttled(cast: Cast, client: Client) -> None:
    for _ in range(3):
        ask_for_code(Client(), "sam@example.test")
    answer = client.post(SIGN_IN, {"email": "sam@example.test"})
    assert answer.status_code == 200
    assert "tried too many times" in answer.content.decode()
    assert len(mail.outbox) == 3


def test_many_tries_from_one_place_are_paused_with_a_page(cast: Cast, client: Client) -> None:
    for number in range(30):
        client.post(SIGN_IN, {"email": f"not an address {number}"})
    answer = client.post(SIGN_IN, {"email": "sam@example.test"})
    assert answer.status_code == 429
    assert "A moment, please" in answer.content.decode()


def test_a_closed_account_gets_no_code(cast: Cast, client: Client) -> None:
    cast.sam.is_active = False
    cast.sam.save(update_fields=["is_active"])
    ask_for_code(client, "sam@example.test")
    assert mail.outbox == []


@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
def test_when_mail_is_down_the_page_says_so_and_keeps_the_address(cast: Cast, client: Client) -> None:
    answer = client.post(SIGN_IN, {"email": "sam@example.test"})
    assert "We cannot send mail at the moment" in answer.content.decode()
    assert 'value="sam@example.test"' in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/account/signup/",
        "/account/password/reset/",
        "/account/password/change/",
        "/account/password/set/",
        "/account/email/",
        "/account/login/",
        "/accounts/signup/",
        "/account/confirm-email/",
    ],
)
def test_pages_for_passwords_and_open_sign_up_are_not_there(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.sam)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_nobody_in_the_cast_has_a_password(cast: Cast) -> None:
    assert not [name for name, person in cast.everybody().items() if person.has_usable_password()]


@pytest.mark.parametrize(
    "name",
    ["mfa_index", "usersessions_list", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_activate_totp"],
)
def test_account_pages_open_for_their_person_only(cast: Cast, client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(SIGN_IN)
    client.force_login(cast.sam)
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.django_db
def test_setting_up_the_database_makes_the_table_in_which_tries_are_counted() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE cache")
    call_command("migrate", verbosity=0)
    assert "cache" in connection.introspection.table_names()
