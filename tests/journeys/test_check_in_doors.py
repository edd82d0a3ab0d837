"""A check-in without an account: by a link that works once, and on a handed-over device that forgets."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from openrapport.checkins.actions import issue_kiosk_code, issue_link
from openrapport.checkins.models import CheckIn, RespondentRole
from tests.cast import Cast
from tests.check_ins import hold_session, of

from .conftest import NewPage, See, SignIn, Watch
from .test_check_in import OFFLINE_NOISE, answer_a_little, choose, kept_on, send, thanked, wait_until

NOTHING = {"local": 0, "session": 0, "caches": 0, "databases": 0, "workers": 0}


@pytest.fixture
def for_sam(real_database: None, cast: Cast) -> CheckIn:
    return of(hold_session(cast.sam_with_maya, at=timezone.now() - timedelta(hours=1)), RespondentRole.CLIENT)


@pytest.fixture
def for_kit(real_database: None, cast: Cast) -> CheckIn:
    return of(hold_session(cast.kit_with_maya, at=timezone.now() - timedelta(hours=1)), RespondentRole.CLIENT)


def test_a_link_works_once(for_sam: CheckIn, page: Page, see: See, watch: Watch) -> None:
    watch.expect("404")
    secret = issue_link(for_sam, valid_for=timedelta(hours=1), now=timezone.now()).secret
    page.goto(f"/c/{secret}/")
    see(page)
    answer_a_little(page)
    choose(page, "now")
    send(page)
    thanked(page)
    see(page)
    for_sam.refresh_from_db()
    assert (for_sam.is_submitted, for_sam.via) == (True, "link")
    assert kept_on(page) == NOTHING
    assert "sessionid" not in {cookie["name"] for cookie in page.context.cookies()}
    answer = page.goto(f"/c/{secret}/")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_text("Maya")).to_have_count(0)


def test_a_link_works_without_javascript(for_sam: CheckIn, new_page: NewPage) -> None:
    secret = issue_link(for_sam, valid_for=timedelta(hours=1), now=timezone.now()).secret
    page = new_page(javascript=False)
    page.goto(f"/c/{secret}/")
    answer_a_little(page)
    choose(page, "now")
    send(page)
    thanked(page)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_handed_over_device_forgets(
    for_kit: CheckIn, cast: Cast, new_page: NewPage, sign_in: SignIn, see: See, javascript: bool
) -> None:
    page = new_page(javascript=javascript, desktop=True)
    sign_in(page, cast.maya)
    code = issue_kiosk_code(for_kit, valid_for=timedelta(minutes=10), now=timezone.now()).secret
    page.goto("/kiosk/")
    if javascript:
        see(page)
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}".lower())
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hi Kit!")
    if javascript:
        see(page)
    page.locator('input[name="alliance-child__trust"][value="3"]').check()
    page.locator('textarea[name="alliance-child__one_thing"]').fill("More drawing")
    if javascript:
        expect(page.locator("[data-progress-words]")).to_have_text("2 of 10")
        assert kept_on(page) == NOTHING
    choose(page, "now")
    send(page)
    thanked(page)
    for_kit.refresh_from_db()
    assert (for_kit.is_submitted, for_kit.via) == (True, "kiosk")
    if javascript:
        see(page)
        assert kept_on(page) == NOTHING
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert not names & {"sessionid", "handed_over"}
    page.go_back()
    expect(page.get_by_label("Code")).to_have_value("")
    expect(page.get_by_text("Kit")).to_have_count(0)
    page.goto("/kiosk/check-in/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Type your code")


def test_a_handed_over_device_waits_for_the_connection(for_kit: CheckIn, page: Page, watch: Watch) -> None:
    watch.expect(OFFLINE_NOISE)
    code = issue_kiosk_code(for_kit, valid_for=timedelta(minutes=10), now=timezone.now()).secret
    page.goto("/kiosk/")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Open").click()
    expect(page.locator("[data-strip]")).to_be_visible()
    choose(page, "private")
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    page.context.set_offline(False)
    thanked(page)


def test_a_wrong_code_is_told_kindly(real_database: None, page: Page, see: See, watch: Watch) -> None:
    watch.expect("422")
    page.goto("/kiosk/")
    page.get_by_label("Code").fill("ABC 123")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("This code opens nothing.").last).to_be_visible()
    see(page)


def test_handing_over_takes_along_what_the_therapist_had_begun(
    for_sam: CheckIn, for_kit: CheckIn, cast: Cast, desktop_page: Page, sign_in: SignIn, see: See, watch: Watch
) -> None:
    watch.expect(OFFLINE_NOISE)
    watch.expect("401")
    page = desktop_page
    mirror = CheckIn.objects.get(session=for_sam.session, role=RespondentRole.THERAPIST)
    sign_in(page, cast.maya)
    page.goto(f"/check-in/{mirror.pk}/")
    page.locator('input[name="alliance-therapist__trust"][value="6"]').check()
    page.locator('textarea[name^="alliance-therapist__"]').first.fill("Not for other eyes")
    choose(page, "private")
    wait_until(page, "await caches.match(location.pathname)")
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    page.context.clear_cookies(name="sessionid")  # she was signed out meanwhile; that alone clears nothing
    page.context.set_offline(False)
    code = issue_kiosk_code(for_kit, valid_for=timedelta(minutes=10), now=timezone.now()).secret
    page.goto("/kiosk/")
    assert kept_on(page)["databases"] == 1
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hi Kit!")
    wait_until(page, "(await indexedDB.databases()).length === 0")
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.evaluate("caches.has('openrapport-check-in-pages')") is False
    see(page)
    mirror.refresh_from_db()
    assert not mirror.is_submitted
