"""Signing in by code, and what is not there: passwords, open sign-up, a hint at who has an account."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from openrapport.notices.delivery import deliver_codes
from openrapport.notices.models import Notice
from tests.cast import Cast

SIGN_IN = "/account/sign-in/"
CODE_PAGE = "/account/sign-in/code/"


def deliver() -> None:
    deliver_codes(now=timezone.now())


def code_from_mail() -> str:
    deliver()
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
    deliver()
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
    deliver()
    assert len(mail.outbox) == 1
    assert pages[0] == pages[1]


def _statements(ask: Callable[[], object]) -> Counter[str]:
    """What the database was asked to do, by kind of statement and table; the counters of tries left out."""
    with CaptureQueriesContext(connection) as seen:
        ask()
    said = [re.match(r"(\w+).*?(?:FROM|INTO|UPDATE) \"?(\w+)", one["sql"], re.DOTALL) for one in seen]
    return Counter(f"{one[1]} {one[2]}" for one in said if one is not None and one[2] != "cache")


@pytest.mark.parametrize("resend", [False, True])
def test_an_address_without_an_account_makes_the_server_do_the_same_work(cast: Cast, resend: bool) -> None:
    """Time tells nothing when both ways write the same rows and nobody waits for a mail server."""
    done = []
    for email in ("sam@example.test", "nobody@example.test"):
        client = Client()
        if resend:
            ask_for_code(client, email)
            done.append(_statements(lambda: client.post(CODE_PAGE, {"action": "resend"})))  # noqa: B023
        else:
            done.append(_statements(lambda: ask_for_code(client, email)))  # noqa: B023
    differ = (done[0] - done[1]) + (done[1] - done[0])
    assert differ <= Counter({"SELECT people_user": 1}), "a row more is read, never written"
    assert done[0]["INSERT notices_notice"] == 1
    deliver()
    assert {one.to[0] for one in mail.outbox} == {"sam@example.test"}


def test_the_code_lies_encrypted_in_the_outbox_and_is_gone_once_it_has_left(cast: Cast, client: Client) -> None:
    ask_for_code(client, "sam@example.test")
    assert "code" in Notice.objects.get().payload
    code = code_from_mail()
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM notices_notice")
        assert code not in cursor.fetchone()[0]
    notice = Notice.objects.get()
    assert (notice.payload, notice.sent_at is None) == ("{}", False)


def test_a_code_goes_to_the_address_of_the_account_not_to_the_one_that_was_typed(cast: Cast, client: Client) -> None:
    ask_for_code(client, "SAM@EXAMPLE.test")
    code_from_mail()
    assert mail.outbox[0].to == ["sam@example.test"]


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
    deliver()
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
    deliver()
    assert mail.outbox == []


def test_when_mail_is_down_nobody_waits_for_it_and_the_code_leaves_when_it_is_back(cast: Cast, client: Client) -> None:
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    with override_settings(EMAIL_BACKEND=smtp, EMAIL_HOST="127.0.0.1", EMAIL_PORT=1):
        ask_for_code(client, "sam@example.test")
        assert deliver_codes(now=timezone.now()).failed == 1
    assert deliver_codes(now=timezone.now() + timedelta(minutes=2)).sent == 1


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
