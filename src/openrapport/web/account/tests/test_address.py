"""Another e-mail address: proved by a code, told to the old one, and never shared by a young person and a guardian."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.utils import timezone

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.notices.actions import queue_notice
from openrapport.notices.delivery import deliver_codes, deliver_due
from openrapport.notices.models import Notice
from openrapport.people.models import User
from openrapport.web.account.tests.test_second_factor import IPHONE, app_code, set_up_app, sign_in_by_code
from openrapport.web.account.tests.test_sign_in import CODE_PAGE, ask_for_code, code_from_mail
from openrapport.workflows.change_address import AddressNotFree, change_address
from openrapport.workflows.invite_guardian import invite_guardian
from tests.browsing import browser_of
from tests.cast import NOON, Cast

ASK, CONFIRM = "/account/e-mail/", "/account/e-mail/code/"
NEW = "samuel@example.test"


def code_mailed_to(address: str) -> str | None:
    deliver_codes(now=timezone.now())
    letters = [letter for letter in mail.outbox if letter.to == [address]]
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(letters[-1].body), re.MULTILINE) if letters else None
    return found.group() if found is not None else None


def change(client: Client, address: str) -> Any:
    assert client.post(ASK, {"email": address})["Location"] == CONFIRM
    return client.post(CONFIRM, {"code": code_mailed_to(address) or "WRNG-CODE"})


def address_of(person: User) -> str:
    return str(User.objects.get(pk=person.pk).email)


def test_a_code_from_the_new_mailbox_moves_the_account_there(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test")
    assert change(client, "Samuel@Example.test".lower())["Location"] == "/account/profile/"
    assert address_of(cast.sam) == NEW
    assert NEW in client.get("/account/profile/").content.decode(), "this device stays signed in"
    line = AuditLine.objects.get(deed="change_address")
    assert (line.actor_user, line.subject, line.facts) == (cast.sam, cast.sam, {})


def test_the_old_address_is_told_and_what_waits_goes_to_the_new_one(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test")
    queue_notice(
        kind="check_in_ready",
        to=cast.sam,
        payload={"link": "http://testserver/c/x/"},
        about=cast.sam.pk,
        once_key="waits",
        now=timezone.now(),
    )
    change(client, NEW)
    deliver_due(now=timezone.now())
    told = [(letter.to, letter.subject) for letter in mail.outbox[2:]]
    assert (["sam@example.test"], "Your e-mail address was changed") in told
    assert ([NEW], "A short form is ready for you") in told
    assert NEW not in "".join(str(letter.body) for letter in mail.outbox if letter.to == ["sam@example.test"])


def test_every_other_device_is_signed_out_whatever_list_it_stands_in(cast: Cast) -> None:
    here, there = sign_in_by_code("sam@example.test"), sign_in_by_code("sam@example.test", IPHONE)
    forgotten = Client()
    forgotten.force_login(cast.sam)
    change(here, NEW)
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == forgotten.get("/account/").status_code == 302


def test_codes_go_to_the_new_address_and_the_old_one_opens_nothing(cast: Cast) -> None:
    change(sign_in_by_code("sam@example.test"), NEW)
    mail.outbox.clear()
    Client().post("/account/sign-in/", {"email": "sam@example.test"})
    Client().post("/account/sign-in/", {"email": NEW})
    deliver_codes(now=timezone.now())
    assert [letter.to for letter in mail.outbox] == [[NEW]]


def test_a_code_mailed_to_the_old_address_before_the_change_opens_nothing_afterwards(cast: Cast) -> None:
    elsewhere = Client()
    ask_for_code(elsewhere, "sam@example.test")
    code = code_from_mail()
    change(sign_in_by_code("lena@example.test"), "lena.new@example.test")
    change(sign_in_by_code("sam@example.test"), NEW)
    assert elsewhere.post(CODE_PAGE, {"code": code})["Location"] == "/account/sign-in/"
    assert "_auth_user_id" not in elsewhere.session


def test_whoever_takes_over_an_address_gets_no_code_for_the_account_that_had_it(cast: Cast) -> None:
    elsewhere = Client()
    ask_for_code(elsewhere, "sam@example.test")
    change(sign_in_by_code("sam@example.test"), NEW)
    change(sign_in_by_code("lena@example.test"), "sam@example.test")
    mail.outbox.clear()
    elsewhere.post(CODE_PAGE, {"action": "resend"})
    deliver_codes(now=timezone.now())
    assert mail.outbox == []


@pytest.mark.parametrize("taken", ["lena@example.test", "gita@example.test", "GITA@example.test"])
def test_an_address_of_somebody_else_looks_like_any_other_and_gets_no_code(cast: Cast, taken: str) -> None:
    client = sign_in_by_code("ben@example.test")
    pages = []
    for address in (taken, "fresh@example.test"):
        client.post(ASK, {"email": address})
        page = client.get(CONFIRM).content.decode().replace(address.lower(), "")
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page))
        if address == taken:
            assert code_mailed_to(taken.lower()) is None
    assert pages[0] == pages[1]
    assert address_of(cast.ben) == "ben@example.test"


def test_a_teen_does_not_get_the_address_a_guardian_was_invited_with(cast: Cast) -> None:
    invite_guardian(
        actor=Actor(user=cast.maya),
        relationship=cast.ben_with_maya,
        name="Ilse",
        email="ilse@example.test",
        language="en",
        has_legal_custody=True,
        now=timezone.now(),
    )
    change(sign_in_by_code("ben@example.test"), "ilse@example.test")
    assert address_of(cast.ben) == "ben@example.test"
    with pytest.raises(AddressNotFree):
        change_address(cast.ben, address="Ilse@example.test", actor=Actor(user=cast.ben), now=NOON)


def test_an_address_that_was_taken_meanwhile_is_refused_like_a_wrong_code(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test")
    client.post(ASK, {"email": NEW})
    code = code_mailed_to(NEW)
    User.objects.filter(pk=cast.lena.pk).update(email=NEW)
    answer = client.post(CONFIRM, {"code": code})
    assert (answer.status_code, address_of(cast.sam)) == (422, "sam@example.test")
    assert "That code is not right" in answer.content.decode()


def test_five_wrong_codes_end_the_try(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test")
    client.post(ASK, {"email": NEW})
    code = code_mailed_to(NEW)
    for _ in range(4):
        assert client.post(CONFIRM, {"code": "WRNG-CODE"}).status_code == 422
    assert client.post(CONFIRM, {"code": "WRNG-CODE"})["Location"] == ASK
    assert client.post(CONFIRM, {"code": code})["Location"] == ASK
    assert address_of(cast.sam) == "sam@example.test"


def test_a_code_works_for_ten_minutes_and_lies_nowhere_in_plain(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test")
    client.post(ASK, {"email": NEW})
    code = code_mailed_to(NEW)
    assert code is not None
    assert code not in str(client.session.items())
    assert not Notice.objects.filter(payload__isnull=True).exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert client.post(CONFIRM, {"code": code})["Location"] == ASK


@pytest.mark.parametrize("typed", ["", "no address", "sam@example.test", "a" * 250 + "@example.test"])
def test_what_does_not_fit_is_said_at_the_field(cast: Cast, typed: str) -> None:
    client = sign_in_by_code("sam@example.test")
    assert client.post(ASK, {"email": typed}).status_code == 422
    assert not Notice.objects.filter(kind="address_code").exists()


def test_asking_is_limited(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test")
    statuses = [client.post(ASK, {"email": f"new{number}@example.test"}).status_code for number in range(6)]
    assert statuses == [302] * 5 + [429]


def test_staff_show_their_second_factor_again_before_the_address_changes(cast: Cast) -> None:
    client = sign_in_by_code("maya@example.test")
    assert client.get(ASK)["Location"].startswith("/account/set-up/")
    secret = set_up_app(client)
    assert client.get(ASK).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        for page in (ASK, CONFIRM):
            assert client.get(page)["Location"].startswith("/account/confirm/")
            assert client.post(page, {"email": NEW, "code": "x"})["Location"].startswith("/account/confirm/")
        client.post("/account/confirm/", {"code": app_code(secret)})
        assert client.get(ASK).status_code == 200


def test_a_client_with_a_passkey_shows_it_again(cast: Cast) -> None:
    Authenticator.objects.create(user=cast.sam, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert browser_of(cast.sam).get(ASK)["Location"].startswith("/account/confirm/")


def test_a_child_without_an_address_has_no_such_page(cast: Cast) -> None:
    assert browser_of(cast.kit).get(ASK).status_code == 404


def test_adding_and_removing_a_second_factor_is_told_by_mail_and_logged(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    client = sign_in_by_code("sam@example.test")
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(client)
        client.post("/account/recovery-codes/new/")
    client.post("/account/app-codes/end/")
    kinds = ["sign_in_way_added", "recovery_codes_renewed", "sign_in_way_removed"]
    queued = Notice.objects.exclude(kind="sign_in_code").order_by("made_at")
    assert list(queued.values_list("kind", flat=True)) == kinds
    told = AuditLine.objects.filter(deed="change_sign_in_ways", subject=cast.sam).order_by("position")
    assert [line.facts["change"] for line in told] == ["app_codes_added", "recovery_codes_renewed", "app_codes_removed"]


def test_a_device_left_open_does_not_hand_over_an_account_without_a_second_factor(cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False):
        client = sign_in_by_code("sam@example.test")
        assert client.get(ASK).status_code == 200
    with time_machine.travel(NOON + timedelta(minutes=20), tick=False):
        page = client.post(ASK, {"email": NEW})
        assert page.status_code == 403
        assert "Sign in again first" in page.content.decode()
        assert code_mailed_to(NEW) is None
