"""Somebody changes how they are called and in which language they read, on a phone and at a desk."""

import pytest
from playwright.sync_api import Page, expect

from tests.cast import Cast

from .conftest import NewPage, See, SignIn, Watch


@pytest.fixture(autouse=True)
def committed(real_database: None) -> None:
    """The server of a journey reads what the cast wrote."""


def at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def test_a_client_changes_their_name_and_reads_on_in_spanish(page: Page, see: See, sign_in: SignIn, cast: Cast) -> None:
    sign_in(page, cast.sam)
    page.goto("/account/")
    see(page)
    page.get_by_role("main").get_by_role("link", name="Change", exact=True).click()
    at(page, "Your profile")
    see(page)
    page.get_by_label("Your name").fill("Samuel Example")
    page.get_by_label("Language", exact=True).select_option("es")
    page.get_by_role("button", name="Save", exact=True).click()
    at(page, "Tu perfil")
    expect(page.get_by_text("Guardado")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Samuel Example")
    see(page)


def test_a_therapist_without_script_is_told_what_is_wrong(
    new_page: NewPage, see: See, sign_in: SignIn, watch: Watch, cast: Cast
) -> None:
    watch.expect("status of 422")
    page = new_page(desktop=True, dark=True, javascript=False)
    sign_in(page, cast.maya)
    page.goto("/account/profile/")
    page.get_by_label("Your name").fill(" ")
    page.get_by_role("button", name="Save", exact=True).click()
    at(page, "Your profile")
    expect(page.locator("#id_name_error")).to_be_visible()
    page.get_by_label("Your name").fill("Maya Again")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Maya Again")


def test_a_refusal_at_a_desk_in_the_dark_is_accessible(
    new_page: NewPage, see: See, sign_in: SignIn, watch: Watch, cast: Cast
) -> None:
    watch.expect("status of 422")
    page = new_page(desktop=True, dark=True)
    sign_in(page, cast.maya)
    page.goto("/account/profile/")
    see(page)
    page.get_by_label("Your name").fill(" ")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#id_name_error")).to_be_visible()
    see(page)
