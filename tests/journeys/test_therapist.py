"""A therapist finds a rupture, opens the suggested talk, and marks it talked about; a newer check-in recovers."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from openrapport.checkins.models import RespondentRole
from tests.cast import Cast, gather_cast
from tests.check_ins import answer, hold_session, live_through, of

See = Callable[[Page], None]
SignIn = Callable[..., None]


@pytest.fixture
def cast(real_database: None) -> Cast:
    return gather_cast()


@pytest.fixture
def moment() -> datetime:
    return timezone.now()


@pytest.fixture
def sam_dropped(cast: Cast, moment: datetime) -> Cast:
    """Six steady sessions with Sam, then a drop; Ben's course is quiet."""
    first = moment - timedelta(weeks=6, days=3)
    live_through(cast.sam_with_maya, (8, 8, 9, 8, 8, 8, 4), therapist=(8,) * 7, wellbeing=(5,) * 7, first=first)
    live_through(cast.ben_with_maya, (8, 8), first=first)
    return cast


def test_from_the_caseload_to_a_talk_and_back_to_the_range(
    desktop_page: Page, see: See, sign_in: SignIn, sam_dropped: Cast, moment: datetime
):
    page = desktop_page
    sign_in(page, sam_dropped.maya)
    page.goto("/caseload/")
    see(page)
    rows = page.locator("[data-key-row]")
    expect(rows.first).to_have_text("Sam Example")
    expect(page.get_by_text("Possible rupture, session 7")).to_be_visible()

    rows.first.click()
    expect(page.get_by_role("heading", name="Sam Example")).to_be_visible()
    expect(page.get_by_text("Next step: Ask what happened between you.")).to_be_visible()
    page.get_by_text("Show as table").first.click()
    expect(page.get_by_role("cell", name="Possible rupture")).to_be_visible()
    see(page)

    page.get_by_role("link", name="Review").first.click()
    expect(page.get_by_role("heading", name="Ask what happened between you")).to_be_visible()
    see(page)
    page.get_by_text("We talked about it").click()
    page.get_by_label("What came of it").fill("I had looked at the clock. I said so.")
    see(page)
    page.get_by_role("button", name="Mark as talked about").click()
    expect(page.get_by_text("Noted: Talked about.")).to_be_visible()
    expect(page.get_by_text("I had looked at the clock. I said so.")).to_be_visible()
    see(page)

    opened = hold_session(sam_dropped.sam_with_maya, at=moment - timedelta(hours=2))
    answer(of(opened, RespondentRole.CLIENT), at=moment - timedelta(hours=1), alliance=8)
    page.reload()
    expect(page.get_by_text("Back in the expected range").first).to_be_visible()
    expect(page.get_by_text("It is still worth a sentence: what helped?")).to_be_visible()
    see(page)
    page.goto("/caseload/")
    row = page.get_by_role("listitem").filter(has_text="Sam Example")
    expect(row.get_by_text("Recovered")).to_be_visible()


def test_closing_without_a_reason_is_said_at_the_field(
    desktop_page: Page, see: See, sign_in: SignIn, sam_dropped: Cast, watch
):
    page = desktop_page
    watch.expect("status of 422")
    sign_in(page, sam_dropped.maya)
    page.goto("/signals/")
    see(page)
    page.get_by_role("link", name="Possible rupture, session 7").click()
    page.get_by_text("It is resolved").click()
    with page.expect_response(re.compile("/resolve/")) as answered:
        page.get_by_role("button", name="Close as resolved").click()
    assert answered.value.status == 422
    expect(page.get_by_label("Reason").first).to_have_attribute("aria-invalid", "true")
    see(page)


def test_keys_walk_the_caseload_and_can_be_switched_off(
    desktop_page: Page, see: See, sign_in: SignIn, sam_dropped: Cast
):
    page = desktop_page
    sign_in(page, sam_dropped.maya)
    page.goto("/caseload/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Sam Example")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Sam Example")).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_label("Find a client")
    expect(search).to_be_focused()
    page.keyboard.type("jk")
    expect(search).to_have_value("jk")
    page.keyboard.press("Tab")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_text("Next and previous client")).to_be_visible()
    see(page)
    page.get_by_label("Use single keys on this page").uncheck()
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Sam Example")).not_to_be_focused()


def test_a_session_is_recorded_and_a_device_handed_over(page: Page, see: See, sign_in: SignIn, cast: Cast):
    sign_in(page, cast.maya)
    page.goto(f"/clients/{cast.sam_with_maya.pk}/")
    see(page)
    page.get_by_role("link", name="Record a session").first.click()
    see(page)
    page.get_by_label("Video").check()
    page.get_by_role("button", name="Record the session").click()
    expect(page.get_by_text("Session 1 is recorded")).to_be_visible()
    see(page)
    page.get_by_role("button", name="Hand over this device").click()
    expect(page.locator("[data-kiosk-code]")).to_have_text(re.compile(r"^[A-Z2-9]{6}$"))
    see(page)


def test_without_script_the_caseload_is_searched_and_a_pause_confirmed(new_page, see: See, sign_in: SignIn, cast: Cast):
    page = new_page(javascript=False)
    sign_in(page, cast.maya)
    page.goto("/caseload/")
    page.get_by_label("Find a client").fill("kit")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-key-row]")).to_have_count(1)
    page.get_by_role("link", name="Kit Example").click()
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused. You can go on at any time.")).to_be_visible()


def test_the_supervisor_reads_what_the_client_agreed_to(new_page, see: See, sign_in: SignIn, sam_dropped: Cast):
    page = new_page(desktop=True, dark=True)
    sign_in(page, sam_dropped.sol)
    page.goto("/supervision/")
    see(page)
    page.get_by_role("link", name="Possible rupture, session 7").click()
    expect(page.get_by_role("heading", name="Words to open with")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_count(0)
    see(page)
    page.get_by_role("link", name="Sam Example").first.click()
    expect(page.get_by_text("You read this as the supervisor of Maya Example")).to_be_visible()
    see(page)
