"""Setting up codes from an app, recovery codes, and the devices list."""

import re
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.test import Client

from openrapport.web.account.tests.test_sign_in import CODE_PAGE, ask_for_code, code_from_mail
from tests.browsing import browser_of
from tests.cast import Cast

PAGE = "/practice/invitations/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


def sign_in_by_code(email: str, agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    ask_for_code(client, email)
    client.post(CODE_PAGE, {"code": code_from_mail()})
    return client


def app_code(secret: str, *, later: int = 0) -> str:
    """What the app shows now, or one step later: a code that was used does not work again."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later)))


def set_up_app(client: Client) -> str:
    page = client.get("/account/app-codes/begin/").content.decode()
    found = re.search(r"<p class=\"font-mono[^>]*>([A-Z2-7]+)</p>", page)
    assert found is not None
    secret = found.group(1)
    answer = client.post("/account/app-codes/begin/", {"code": app_code(secret)})
    assert answer["Location"] == "/account/recovery-codes/"
    return secret


def test_a_therapist_sets_up_an_app_and_gets_where_they_were_going(cast: Cast) -> None:
    client = sign_in_by_code("maya@example.test")
    assert client.get(client.get(PAGE)["Location"]).status_code == 200
    set_up_app(client)
    answer = client.get("/account/go-on/")
    assert answer["Location"] == PAGE
    assert client.get(PAGE).status_code == 200


def test_next_time_the_mailbox_alone_does_not_sign_in(cast: Cast) -> None:
    secret = set_up_app(sign_in_by_code("maya@example.test"))
    client = sign_in_by_code("maya@example.test")
    assert "_auth_user_id" not in client.session
    assert "That did not match" in client.post("/account/sign-in/second/", {"code": "000000"}).content.decode()
    client.post("/account/sign-in/second/", {"code": app_code(secret, later=1)})
    assert client.session["_auth_user_id"] == str(cast.maya.pk)
    assert client.get(PAGE).status_code == 200


def test_a_recovery_code_signs_in_once(cast: Cast) -> None:
    first = sign_in_by_code("maya@example.test")
    set_up_app(first)
    answer = first.get("/account/recovery-codes/file/")
    code = answer.content.decode().split()[0]
    for works in (True, False):
        client = sign_in_by_code("maya@example.test")
        client.post("/account/sign-in/second/", {"code": code})
        assert ("_auth_user_id" in client.session) is works


def test_secrets_of_the_app_are_encrypted_at_rest(cast: Cast) -> None:
    secret = set_up_app(sign_in_by_code("maya@example.test"))
    stored = [str(one.data) for one in Authenticator.objects.filter(user=cast.maya)]
    assert len(stored) == 2
    assert not [one for one in stored if secret in one]


def test_an_old_session_does_not_gain_from_a_factor_set_up_elsewhere(cast: Cast) -> None:
    old = sign_in_by_code("maya@example.test")
    set_up_app(sign_in_by_code("maya@example.test"))
    assert old.get(PAGE)["Location"].startswith("/account/confirm/")
    assert old.get("/account/passkeys/add/")["Location"].startswith("/account/confirm/")


def test_next_page_of_the_set_up_never_leads_elsewhere(cast: Cast) -> None:
    client = sign_in_by_code("maya@example.test")
    client.get("/account/set-up/?next=https://elsewhere.test/")
    assert client.get("/account/go-on/")["Location"] == "/"


def test_devices_are_named_and_one_can_be_signed_out(cast: Cast) -> None:
    here, there = sign_in_by_code("sam@example.test"), sign_in_by_code("sam@example.test", IPHONE)
    page = here.get("/account/devices/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    other = UserSession.objects.get(user=cast.sam, user_agent=IPHONE)
    assert here.post(f"/account/devices/{other.pk}/end/").status_code == 302
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_all_other_devices_are_signed_out_at_once(cast: Cast) -> None:
    here, there = sign_in_by_code("sam@example.test"), sign_in_by_code("sam@example.test", IPHONE)
    here.post("/account/devices/")
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_nobody_signs_out_a_device_of_somebody_else(cast: Cast) -> None:
    sign_in_by_code("sam@example.test")
    other = UserSession.objects.get(user=cast.sam)
    assert browser_of(cast.lena).post(f"/account/devices/{other.pk}/end/").status_code == 404
    assert UserSession.objects.filter(pk=other.pk).exists()


def test_nobody_changes_a_passkey_of_somebody_else(cast: Cast) -> None:
    key = Authenticator.objects.create(user=cast.sam, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
    client = sign_in_by_code("lena@example.test")
    for deed in ("rename", "remove"):
        assert client.post(f"/account/passkeys/{key.pk}/{deed}/", {"name": "mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_an_unknown_device_is_called_so(cast: Cast) -> None:
    client = sign_in_by_code("sam@example.test", "curl/8")
    assert "A device we do not recognise" in client.get("/account/devices/").content.decode()
