"""Crisis help answers anybody, at once. No test here may touch the database: none asks for it."""

import pytest
from django.test import Client


def page(country: str = "", language: str = "en") -> str:
    query = {"country": country} if country else {}
    response = Client().get("/help-now", query, headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def test_help_needs_no_sign_in_and_no_database() -> None:
    assert 'href="tel:911"' in page()


def test_help_offers_calls_and_texts_as_links() -> None:
    body = page("US")
    assert 'href="tel:988"' in body
    assert 'href="sms:988"' in body
    assert 'href="sms:741741?body=HOME"' in body


def test_help_says_that_nobody_watches_in_real_time() -> None:
    assert "Nobody watches this site in real time" in page()


def test_help_shows_another_country_by_a_plain_link() -> None:
    assert 'href="?country=ES"' in page()
    assert 'href="tel:024"' in page("ES")


@pytest.mark.parametrize("country", ["XX", "generic", '"><script>', "\x00"])
def test_an_unknown_country_gets_generic_help_and_is_never_repeated(country: str) -> None:
    body = page(country)
    assert 'href="tel:112"' in body
    assert '"><script>' not in body


def test_help_begins_with_the_practice_s_own_country(settings: pytest.FixtureRequest) -> None:
    settings.CRISIS_COUNTRY = "IE"  # type: ignore[attr-defined]
    assert 'href="sms:50808"' in page()


def test_the_title_reveals_nothing() -> None:
    assert "<title>OpenRapport</title>" in page()


def test_help_has_the_way_out() -> None:
    assert "data-quick-exit" in page()
