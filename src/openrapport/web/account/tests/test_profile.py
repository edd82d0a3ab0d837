"""One's own profile: what changes, what is refused, and in which language the next page speaks."""

import pytest
from django.test import Client

from openrapport.audit.models import AuditLine
from openrapport.people.models import User
from tests.browsing import browser_of
from tests.cast import Cast

PAGE = "/account/profile/"
AS_BEFORE = {"name": "Sam Example", "language": "en", "time_zone": "Europe/Madrid"}


def lines() -> list[tuple[str, dict[str, object]]]:
    return list(AuditLine.objects.filter(deed="change_profile").order_by("position").values_list("actor", "facts"))


def test_a_client_changes_name_language_and_time_zone(cast: Cast) -> None:
    browser = browser_of(cast.sam)
    given = {"name": "  Samuel   Example ", "language": "es", "time_zone": "America/New_York"}
    answer = browser.post(PAGE, given, follow=True)
    cast.sam.refresh_from_db()
    assert (cast.sam.display_name, cast.sam.language, cast.sam.time_zone) == (
        "Samuel Example",
        "es",
        "America/New_York",
    )
    body = answer.content.decode()
    assert '<html lang="es"' in body
    assert "Guardado" in body


def test_the_log_keeps_which_fields_changed_and_no_value(cast: Cast) -> None:
    browser = browser_of(cast.sam)
    browser.post(PAGE, AS_BEFORE)
    assert lines() == []
    browser.post(PAGE, {**AS_BEFORE, "name": "Samuel Example", "time_zone": "UTC"})
    assert lines() == [(f"user:{cast.sam.pk}", {"changed": ["display_name", "time_zone"]})]
    line = AuditLine.objects.get(deed="change_profile")
    assert (line.about, line.subject) == (cast.sam.pk, cast.sam)


def test_only_ones_own_account_changes(cast: Cast) -> None:
    browser_of(cast.sam).post(PAGE, {**AS_BEFORE, "name": "Samuel", "pk": str(cast.lena.pk), "email": "x@example.test"})
    assert User.objects.get(display_name="Samuel") == cast.sam
    cast.lena.refresh_from_db()
    cast.sam.refresh_from_db()
    assert (cast.lena.display_name, cast.sam.email) == ("Lena Example", "sam@example.test")


def test_the_language_of_this_device_follows_the_profile(cast: Cast) -> None:
    browser = browser_of(cast.sam)
    browser.cookies["django_language"] = "en"
    answer = browser.post(PAGE, {**AS_BEFORE, "language": "es"})
    assert answer.cookies["django_language"].value == "es"
    assert '<html lang="es"' in browser.get(PAGE).content.decode()


def test_a_device_without_a_language_of_its_own_gets_none(cast: Cast) -> None:
    answer = browser_of(cast.sam).post(PAGE, {**AS_BEFORE, "language": "es"})
    assert "django_language" not in answer.cookies


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", "   "),
        ("name", "x" * 121),
        ("name", "Sam\u202egnp"),
        ("name", "Sam\x07"),
        ("name", "\u200b"),
        ("name", "\u200d"),
        ("language", "xx"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(cast: Cast, field: str, typed: str) -> None:
    answer = browser_of(cast.sam).post(PAGE, {**AS_BEFORE, field: typed})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    cast.sam.refresh_from_db()
    assert cast.sam.display_name == "Sam Example"
    assert lines() == []


@pytest.mark.parametrize("name", ["José Ñuñez", "محمد", "नेत्र\u200dा", "李", "O'Neil-Smith"])
def test_names_of_every_script_are_names(cast: Cast, name: str) -> None:
    assert browser_of(cast.sam).post(PAGE, {**AS_BEFORE, "name": name}).status_code == 302
    cast.sam.refresh_from_db()
    assert cast.sam.display_name == name


def test_an_older_time_zone_survives_a_change_of_name(cast: Cast) -> None:
    User.objects.filter(pk=cast.sam.pk).update(time_zone="EST5EDT")
    browser = browser_of(cast.sam)
    assert '<option value="EST5EDT" selected>' in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, {**AS_BEFORE, "name": "Samuel", "time_zone": "EST5EDT"}).status_code == 302
    cast.sam.refresh_from_db()
    assert (cast.sam.display_name, cast.sam.time_zone) == ("Samuel", "EST5EDT")


@pytest.mark.parametrize("who", ["sam", "maya", "ada"])
def test_the_address_is_shown_with_the_way_to_another(cast: Cast, who: str) -> None:
    body = browser_of(cast.everybody()[who]).get(PAGE).content.decode()
    assert f"{who}@example.test" in body
    assert 'name="email"' not in body
    assert 'href="/account/e-mail/"' in body


def test_the_account_page_leads_to_the_profile(cast: Cast) -> None:
    assert f'href="{PAGE}"' in browser_of(cast.sam).get("/account/").content.decode()


def test_whoever_is_not_signed_in_is_led_to_sign_in(cast: Cast) -> None:
    for answer in (Client().get(PAGE), Client().post(PAGE, AS_BEFORE)):
        assert (answer.status_code, answer["Location"]) == (302, f"/account/sign-in/?next={PAGE}")
    assert lines() == []
