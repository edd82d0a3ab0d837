"""Answering a check-in in a real browser: on a phone, offline, twice, interrupted, in Spanish, without script."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from openrapport.checkins.models import Answer, CheckIn, RespondentRole, Score
from openrapport.people.models import User
from tests.cast import Cast
from tests.check_ins import answer, hold_session, of

from .conftest import NewPage, See, SignIn, Watch

OFFLINE_NOISE = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture
def asked(real_database: None, cast: Cast) -> CheckIn:
    """Sam is asked about the session of an hour ago."""
    opened = hold_session(cast.sam_with_maya, at=timezone.now() - timedelta(hours=1))
    return of(opened, RespondentRole.CLIENT)


def address(check_in: CheckIn) -> str:
    return f"/check-in/{check_in.pk}/"


def rate(page: Page, item: str, value: int) -> None:
    page.locator(f'input[name="{item}"][value="{value}"]').check()


def answer_a_little(page: Page) -> None:
    rate(page, "alliance-adult__trust", 8)
    rate(page, "alliance-adult__empathy", 7)
    for item in ("genuineness", "respect", "active_listening", "confidentiality", "shared_goals"):
        rate(page, f"alliance-adult__{item}", 9)
    page.locator('textarea[name="alliance-adult__one_thing"]').fill("A little slower, please.")


def choose(page: Page, who: str) -> None:
    page.locator(f'input[name="who_sees"][value="{who}"]').check()


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()


def thanked(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. It is saved.")


def state(page: Page) -> str | None:
    return page.locator("[data-saved-state]").get_attribute("data-state")


def wait_until(page: Page, condition: str) -> None:
    """For conditions that are promises: Playwright's own waiting takes any promise for a yes."""
    came = page.evaluate(
        f"""async () => {{
            for (let tries = 0; tries < 200; tries += 1) {{
                if ({condition}) return true;
                await new Promise((resolve) => setTimeout(resolve, 50));
            }}
            return false;
        }}"""
    )
    assert came, f"never came true: {condition}"


def kept_on(page: Page) -> dict[str, int]:
    return page.evaluate(  # type: ignore[no-any-return]
        """async () => ({
            local: Object.keys(localStorage).length,
            session: Object.keys(sessionStorage).length,
            caches: (await caches.keys()).length,
            databases: (await indexedDB.databases()).length,
            workers: (await navigator.serviceWorker.getRegistrations()).length,
        })"""
    )


@pytest.mark.parametrize("dark", [False, True])
def test_client_answers_on_a_phone(asked: CheckIn, new_page: NewPage, sign_in: SignIn, see: See, dark: bool) -> None:
    page = new_page(dark=dark)
    sign_in(page, asked.respondent)
    page.goto("/home/")
    see(page)
    page.get_by_role("link", name="Answer", exact=True).click()
    see(page)
    answer_a_little(page)
    expect(page.locator("[data-progress-words]")).to_have_text("8 of 12")
    page.locator('input[name^=wellbeing-adult__][value=""]').first.check()
    expect(page.locator("[data-progress-words]")).to_have_text("9 of 12")
    send(page)
    expect(page.get_by_text("Please choose who may see your answers").first).to_be_visible()
    see(page)
    choose(page, "now")
    send(page)
    thanked(page)
    expect(page.get_by_text("Maya can read it now.")).to_be_visible()
    see(page)
    asked.refresh_from_db()
    assert asked.is_submitted
    assert Score.objects.get(check_in=asked, instrument="alliance-adult@1", scale="total").value is not None
    assert kept_on(page)["local"] <= 1, "only whose device it is, no draft"
    page.get_by_role("link", name="See what I sent").click()
    expect(page.get_by_text("A little slower, please.")).to_be_visible()
    see(page)
    page.goto("/home/answers/")
    see(page)
    page.goto(address(asked))
    expect(page.get_by_role("heading", level=1)).to_have_text("It was sent before")
    see(page)


def test_answers_given_offline_arrive_once(asked: CheckIn, page: Page, sign_in: SignIn, see: See, watch: Watch) -> None:
    watch.expect(OFFLINE_NOISE)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "private")
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    assert state(page) == "waiting"
    see(page)
    asked.refresh_from_db()
    assert not asked.is_submitted
    page.context.set_offline(False)
    thanked(page)
    assert CheckIn.objects.filter(session=asked.session, submitted_at__isnull=False).count() == 1
    assert Answer.objects.filter(check_in=asked).count() == 8


def test_answers_still_arrive_when_the_page_was_closed_offline(
    asked: CheckIn, page: Page, sign_in: SignIn, watch: Watch
) -> None:
    watch.expect(OFFLINE_NOISE)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "now")
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    context = page.context
    page.close()
    context.set_offline(False)
    later = context.new_page()
    later.goto(address(asked))
    # Either this page sends it, or the service worker did while the page was on its way.
    expect(later.get_by_role("heading", level=1)).to_have_text(re.compile("It is saved|It was sent before"))
    asked.refresh_from_db()
    assert asked.is_submitted


def test_an_opened_check_in_opens_again_without_connection(
    asked: CheckIn, page: Page, sign_in: SignIn, watch: Watch
) -> None:
    watch.expect(OFFLINE_NOISE)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    rate(page, "alliance-adult__trust", 3)
    wait_until(page, "navigator.serviceWorker.controller?.state === 'activated'")
    wait_until(page, "await caches.match(location.pathname)")
    page.context.set_offline(True)
    page.reload()
    expect(page.locator('input[name="alliance-adult__trust"][value="3"]')).to_be_checked()
    page.goto("/home/")
    expect(page.get_by_role("link", name="988").first).to_be_visible()


def test_pressing_send_twice_records_once(asked: CheckIn, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "now")
    page.get_by_role("button", name="Send").dblclick()
    thanked(page)
    assert Answer.objects.filter(check_in=asked).count() == 8


def test_a_killed_tab_gives_the_draft_back(asked: CheckIn, page: Page, sign_in: SignIn, see: See) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "next_session")
    assert state(page) == "offline"
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(address(asked))
    expect(again.locator('input[name="alliance-adult__trust"][value="8"]')).to_be_checked()
    expect(again.locator('textarea[name="alliance-adult__one_thing"]')).to_have_value("A little slower, please.")
    expect(again.locator('input[name="who_sees"][value="next_session"]')).to_be_checked()
    expect(again.get_by_text("What you began is back.")).to_be_visible()
    see(again)


def test_somebody_else_on_the_device_finds_no_draft(asked: CheckIn, cast: Cast, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    wait_until(page, "await caches.match(location.pathname)")
    sign_in(page, cast.lena)
    page.goto("/home/")
    page.wait_for_function("id => localStorage.getItem('openrapport:person') === id", arg=str(cast.lena.pk))
    assert page.evaluate("Object.keys(localStorage).filter(name => name.includes('draft'))") == []
    assert page.evaluate("path => caches.match(path).then(Boolean)", address(asked)) is False


def test_signing_out_leaves_nothing_on_the_device(asked: CheckIn, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    wait_until(page, "await caches.match(location.pathname)")
    page.goto("/account/sign-out/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "sign-out" not in url)
    page.wait_for_load_state()
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.evaluate("caches.has('openrapport-check-in-pages')") is False


def test_an_ended_session_keeps_the_answers_until_the_next_sign_in(
    asked: CheckIn, page: Page, sign_in: SignIn, see: See, watch: Watch
) -> None:
    watch.expect("401")
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "now")
    page.context.clear_cookies(name="sessionid")
    send(page)
    expect(page.get_by_role("heading", name="Please sign in again")).to_be_visible()
    see(page)
    sign_in(page, User.objects.get(pk=asked.respondent_id))
    page.goto(address(asked))
    thanked(page)
    asked.refresh_from_db()
    assert asked.is_submitted


def test_spanish(asked: CheckIn, page: Page, sign_in: SignIn, see: See) -> None:
    User.objects.filter(pk=asked.respondent_id).update(language="es")
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_text("¿Cuánta seguridad sentiste", exact=False)).to_be_visible()
    see(page)


def test_without_javascript(asked: CheckIn, new_page: NewPage, sign_in: SignIn, watch: Watch) -> None:
    watch.expect("422")
    page = new_page(javascript=False)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    send(page)
    expect(page.get_by_text("Nobody sees them before you choose.").first).to_be_visible()
    expect(page.locator('textarea[name="alliance-adult__one_thing"]')).to_have_value("A little slower, please.")
    choose(page, "private")
    send(page)
    thanked(page)
    asked.refresh_from_db()
    assert (asked.is_submitted, asked.disclosure) == (True, "private")


def test_therapist_answers_the_mirror(
    asked: CheckIn, cast: Cast, desktop_page: Page, sign_in: SignIn, see: See
) -> None:
    mirror = CheckIn.objects.get(session=asked.session, role=RespondentRole.THERAPIST)
    sign_in(desktop_page, cast.maya)
    desktop_page.goto(address(mirror))
    see(desktop_page)
    rate(desktop_page, "alliance-therapist__trust", 6)
    choose(desktop_page, "private")
    send(desktop_page)
    thanked(desktop_page)
    see(desktop_page)
    mirror.refresh_from_db()
    assert mirror.is_submitted


def test_a_browser_that_stores_nothing_never_says_that_the_page_may_be_closed(
    asked: CheckIn, page: Page, sign_in: SignIn, watch: Watch
) -> None:
    page.add_init_script("indexedDB.open = () => { throw new Error('storage is switched off'); }")
    watch.expect(OFFLINE_NOISE)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "now")
    page.context.set_offline(True)
    send(page)
    panel = page.locator("[data-panel='waiting']")
    expect(panel.locator("[data-only-on-page]")).to_be_visible()
    expect(panel.locator("[data-kept-here]")).to_be_hidden()
    page.context.set_offline(False)
    thanked(page)


def test_a_browser_that_stores_nothing_says_so_when_the_sign_in_is_over(
    asked: CheckIn, page: Page, sign_in: SignIn, see: See, watch: Watch
) -> None:
    page.add_init_script("indexedDB.open = () => { throw new Error('storage is switched off'); }")
    watch.expect("401")
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "now")
    page.context.clear_cookies(name="sessionid")
    send(page)
    panel = page.locator("[data-panel='sign_in']")
    expect(panel.get_by_text("this browser keeps nothing")).to_be_visible()
    expect(panel.get_by_text("kept on this device")).to_be_hidden()
    see(page)
    with page.context.expect_page() as opened:
        panel.get_by_role("link", name="Sign in, in a new tab").click()
    expect(opened.value.get_by_label("Your e-mail address")).to_be_visible()
    sign_in(page, User.objects.get(pk=asked.respondent_id))
    panel.get_by_role("button", name="Try again").click()
    thanked(page)


def test_a_waiting_copy_of_what_was_sent_elsewhere_goes_and_it_is_told(
    asked: CheckIn, page: Page, sign_in: SignIn, see: See, watch: Watch
) -> None:
    watch.expect(OFFLINE_NOISE)
    watch.expect("409")
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "now")
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    answer(asked, at=timezone.now(), alliance=5)  # from the other device
    context = page.context
    page.close()
    later = context.new_page()
    later.add_init_script("delete self.ServiceWorkerRegistration.prototype.sync")
    context.set_offline(False)
    later.goto("/home/")
    told = later.get_by_text("had already been sent, perhaps from another device")
    expect(told).to_be_visible()
    see(later)
    assert later.evaluate("self.outbox.all()") == []
    assert Answer.objects.get(check_in=asked, item="trust").value == 5
    later.reload()
    expect(told).to_be_hidden()


def test_without_javascript_nothing_is_lost_when_the_sign_in_is_over(
    asked: CheckIn, new_page: NewPage, sign_in: SignIn, see: See, watch: Watch
) -> None:
    watch.expect("401")
    watch.expect("403")
    page = new_page(javascript=False)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    answer_a_little(page)
    choose(page, "private")
    page.context.clear_cookies(name="sessionid")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not sent yet")
    words = page.get_by_label("What you wrote")
    expect(words).to_have_value("A little slower, please.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    other = opened.value
    expect(other.get_by_label("Your e-mail address")).to_be_visible()
    sign_in(page, User.objects.get(pk=asked.respondent_id))
    page.context.clear_cookies(name="csrftoken")  # signing in makes a new one
    other.goto("/home/")
    other.close()
    words.fill("A little slower, please. And thank you.")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("please press Send again", exact=False)).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    thanked(page)
    assert Answer.objects.get(check_in=asked, item="one_thing").words == "A little slower, please. And thank you."
    assert Answer.objects.filter(check_in=asked).count() == 8
    asked.refresh_from_db()
    assert asked.disclosure == "private"
