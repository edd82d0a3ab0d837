"""Signing in, from the invitation to the passkey: staff set up a second lock, use it, and sign devices out."""

import re
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from openrapport.audit.actor import Actor
from openrapport.notices.delivery import deliver_codes
from openrapport.practices.models import Role
from openrapport.workflows.invite_by_mail import link_of
from openrapport.workflows.invite_staff import invite_staff
from tests.cast import Cast

from .conftest import NewPage, See, SignIn, Watch


@pytest.fixture(autouse=True)
def committed(real_database: None) -> None:
    """The server of a journey reads what the cast wrote."""


def at(page: Page, heading: str) -> None:
    """Waits till a click has led there."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def plug_in_authenticator(page: Page) -> Any:
    """A device with a fingerprint reader that always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def sign_in_by_code(page: Page, email: str, see: See) -> None:
    page.goto("/account/sign-in/")
    see(page)
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    at(page, "Look in your mail")
    see(page)
    deliver_codes(now=timezone.now())
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    page.get_by_label("Code from the mail").fill(found.group())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in/code/" not in url)


def add_passkey(page: Page, see: See) -> None:
    at(page, "Add a passkey")
    see(page)
    page.get_by_label("A name for it").fill("Work laptop")
    page.get_by_role("button", name="Set up the passkey").click()
    at(page, "Keep these recovery codes")
    see(page)


def test_staff_set_up_a_passkey_and_sign_in_with_it_alone(page: Page, see: See, cast: Cast) -> None:
    plug_in_authenticator(page)
    page.goto("/practice/invitations/?show=pending")
    sign_in_by_code(page, "maya@example.test", see)
    # Led to the second lock before anything else opens.
    at(page, "One more lock")
    see(page)
    page.goto("/practice/invitations/")
    at(page, "One more lock")
    page.get_by_role("link", name="Set up a passkey").click()
    add_passkey(page, see)
    page.get_by_role("link", name="I have kept them").click()
    at(page, "Invitations")

    page.goto("/account/sign-out/")
    see(page)
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    at(page, "Sign in")
    page.goto("/practice/invitations/")
    page.goto("/account/sign-in/?next=/practice/invitations/")
    page.get_by_role("button", name="Use a passkey").click()
    at(page, "Invitations")


def test_a_mailbox_alone_does_not_open_the_account_and_the_passkey_does(page: Page, see: See, cast: Cast) -> None:
    plug_in_authenticator(page)
    sign_in_by_code(page, "maya@example.test", see)
    page.get_by_role("link", name="Set up a passkey").click()
    add_passkey(page, see)
    page.context.clear_cookies()
    sign_in_by_code(page, "maya@example.test", see)
    at(page, "One more step")
    see(page)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(re.compile("/caseload/"))
    page.goto("/practice/invitations/")
    at(page, "Invitations")


def test_passkeys_are_listed_renamed_and_removed_after_confirming(page: Page, see: See, cast: Cast) -> None:
    plug_in_authenticator(page)
    sign_in_by_code(page, "sam@example.test", see)
    page.goto("/account/passkeys/")
    see(page)
    page.get_by_role("link", name="Add a passkey").click()
    add_passkey(page, see)
    page.goto("/account/passkeys/")
    see(page)
    page.get_by_role("link", name="Rename Work laptop").click()
    at(page, "Rename a passkey")
    see(page)
    page.get_by_label("A name for it").fill("My phone")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove My phone").click()
    at(page, "Remove a passkey")
    see(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No passkey yet")).to_be_visible()


def test_a_later_change_asks_for_the_passkey_again(page: Page, see: See, cast: Cast) -> None:
    plug_in_authenticator(page)
    sign_in_by_code(page, "sam@example.test", see)
    page.goto("/account/passkeys/add/")
    add_passkey(page, see)
    page.context.clear_cookies()
    page.goto("/account/sign-in/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/home/"))
    page.goto("/account/app-codes/begin/")
    at(page, "Confirm it is you")
    see(page)
    page.get_by_role("link", name="Use your passkey instead").click()
    expect(page.get_by_role("button", name="Use your passkey")).to_be_visible()
    see(page)
    page.get_by_role("button", name="Use your passkey").click()
    at(page, "Set up codes from an app")
    see(page)


def test_a_passkey_that_fails_is_said_in_words(page: Page, see: See, cast: Cast) -> None:
    page.goto("/account/sign-in/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('cancelled')) }")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("That did not work.")).to_be_visible()
    see(page)


def test_another_device_is_signed_out_at_once(new_page: NewPage, see: See, cast: Cast) -> None:
    phone, desk = new_page(), new_page(desktop=True, dark=True)
    for one in (phone, desk):
        sign_in_by_code(one, "sam@example.test", see)
        one.goto("/account/")
        see(one)
    desk.goto("/account/devices/")
    expect(desk.get_by_role("listitem").filter(has_text="This device")).to_have_count(1)
    see(desk)
    desk.get_by_role("button", name=re.compile("^Sign out .* on ")).click()
    expect(desk.get_by_text("That device is signed out.")).to_be_visible()
    phone.goto("/account/")
    at(phone, "Sign in")


def test_without_script_the_code_signs_in(new_page: NewPage, cast: Cast) -> None:
    page = new_page(javascript=False)
    sign_in_by_code(page, "sam@example.test", lambda _page: None)
    page.goto("/account/")
    at(page, "Your account")
    page.goto("/account/sign-out/")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()


def test_an_invited_therapist_comes_in_and_invites_a_client(
    desktop_page: Page, see: See, watch: Watch, cast: Cast
) -> None:
    page = desktop_page
    watch.expect("status of 422")
    plug_in_authenticator(page)
    invited = invite_staff(
        actor=Actor(cast.ada),
        practice=cast.willow,
        role=Role.THERAPIST,
        name="Noa Levi",
        email="noa@example.test",
        language="en",
        now=timezone.now(),
    )
    page.goto(link_of(invited).removeprefix("http://testserver"))
    see(page)
    page.get_by_role("button", name="Accept and go in").click()
    page.get_by_role("link", name="Set up a passkey").click()
    add_passkey(page, see)
    page.goto("/practice/clients/invite/")
    see(page)
    page.get_by_label("Name", exact=True).fill("Pat Doe")
    page.get_by_label("Date of birth").fill("1990-04-01")
    page.get_by_label("E-mail address").fill("pat at example")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.locator("#id_email_error")).to_contain_text("does not look like an e-mail address")
    see(page)
    page.get_by_label("E-mail address").fill("pat@example.test")
    page.get_by_role("button", name="Send the invitation").click()
    link = page.get_by_label("Link of the invitation").input_value()
    see(page)
    page.context.clear_cookies()
    page.goto("/" + link.split("/", 3)[3])
    expect(page.get_by_text("Noa Levi reads the answers you share")).to_be_visible()
    see(page)
    page.get_by_role("button", name="Accept and go in").click()
    page.wait_for_url(re.compile("/home/"))
    page.goto("/account/")
    expect(page.get_by_text("pat@example.test")).to_be_visible()


def test_an_administrator_looks_after_people(new_page: NewPage, see: See, sign_in: SignIn, cast: Cast) -> None:
    for options in ({"desktop": True}, {"dark": True}):
        page = new_page(**options)
        sign_in(page, cast.ada)
        for path in ("people/", f"people/{cast.maya.pk}/", f"people/{cast.tom.pk}/close/", "settings/"):
            page.goto(f"/practice/{path}")
            see(page)
        for path in ("invitations/", "invitations/new/", "people/?q=nobody"):
            page.goto(f"/practice/{path}")
            see(page)


def test_a_dead_link_and_a_pause_have_pages_of_their_own(page: Page, see: See, watch: Watch, cast: Cast) -> None:
    watch.expect("status of 4(04|29)")
    page.goto("/invitation/nothing/")
    see(page)
    for number in range(30):
        page.request.get(f"/invitation/nothing-{number}/")
    page.goto("/invitation/nothing/")
    at(page, "A moment, please")
    see(page)


def test_a_client_moves_to_another_address_by_a_code_from_it(page: Page, see: See, watch: Watch, cast: Cast) -> None:
    watch.expect("status of 422")  # an address that does not fit, on purpose
    sign_in_by_code(page, "sam@example.test", see)
    page.goto("/account/")
    see(page)
    page.goto("/account/e-mail/")
    see(page)
    page.get_by_label("New e-mail address").fill("sam@example.test")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("This is your address already.").first).to_be_visible()
    see(page)
    page.get_by_label("New e-mail address").fill("samuel@example.test")
    page.get_by_role("button", name="Send me a code").click()
    at(page, "Look in your new mail")
    see(page)
    deliver_codes(now=timezone.now())
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    page.get_by_label("Code from the mail").fill(found.group().lower())
    page.get_by_role("button", name="Change my address").click()
    expect(page.get_by_text("From now on you sign in with samuel@example.test.")).to_be_visible()
    see(page)
