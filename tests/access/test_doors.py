"""Addresses that open by a secret, the guards before every page, and what exists in the demonstration only."""

import importlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from django.urls import clear_url_caches

from openrapport.checkins.actions import issue_kiosk_code, issue_link
from openrapport.checkins.models import CheckIn
from openrapport.config import urls
from tests.access.browsing import House, judge, open_doors, path_of, patterns
from tests.access.canaries import ANY
from tests.access.extras import add_extras
from tests.access.matrix import Tally
from tests.access.people import canary_of
from tests.access.routes import ROUTES
from tests.access.targets import VIEWERS
from tests.access.world import World
from tests.cast import NOON

OPEN_TO_THOSE_WITHOUT_A_FACTOR = ("account/", "invitation/", "i18n/", "health/", "c/", "kiosk/")
DEMO = ("demo/", "styleguide/")


@pytest.fixture(scope="module")
def house(shared_world: World) -> Iterator[House]:
    with time_machine.travel(NOON, tick=False):
        yield open_doors(shared_world, add_extras(shared_world), VIEWERS)


@pytest.fixture(autouse=True)
def _no_guesses_counted_yet(db: None) -> None:
    cache.clear()


def link_to(house: House, relationship: str, author: str) -> str:
    found = next(
        one.obj
        for one in house.world.of(CheckIn)
        if (one.relationship, one.author) == (relationship, author) and one.kind.endswith("asked")
    )
    assert isinstance(found, CheckIn)
    return issue_link(found, valid_for=timedelta(hours=1), now=NOON).secret


def names_in(text: str) -> set[str]:
    return {match.group(0).lower() for match in ANY.finditer(text)}


@pytest.mark.parametrize(
    ("relationship", "author", "therapist"),
    [("sam with maya", "sam", "maya"), ("ben with maya", "ben", "maya"), ("ben with maya", "gita", "maya")],
)
def test_a_link_shows_first_names_and_nothing_else(house: House, relationship: str, author: str, therapist: str):
    """To anybody who holds it, signed in or not: who is asked, and about whom."""
    path = f"/c/{link_to(house, relationship, author)}/"
    for person in ("", "zoe", "maya", author):
        response = house.ask(person, "GET", path)
        assert response.status_code == 200
        known = {f"zf{name}fz" for name in (author, therapist)}
        if person:
            known |= {f"zf{person}fz", canary_of(person)}  # their own menu
        assert names_in(response.content.decode()) <= known


@pytest.mark.parametrize(
    ("relationship", "author"),
    [("bob with maya", "bob"), ("dan with maya", "dan"), ("kit with maya", "greta"), ("ben with maya", "otto")],
)
def test_a_link_is_dead_for_whoever_may_not_answer_any_more(house: House, relationship: str, author: str):
    path = f"/c/{link_to(house, relationship, author)}/"
    absent = house.ask("", "GET", "/c/there-never-was-one/")
    for method in ("GET", "POST"):
        response = house.ask("", method, path, {"who_sees": "private"})
        assert response.status_code == 404
        assert response.content == absent.content


def test_a_kiosk_code_shows_first_names_and_nothing_else(house: House):
    kits = next(one.obj for one in house.world.of(CheckIn) if (one.author, one.kind) == ("kit", "client: asked"))
    assert isinstance(kits, CheckIn)
    code = issue_kiosk_code(kits, valid_for=timedelta(minutes=10), now=NOON).secret
    device = Client()
    answer = device.post("/kiosk/", {"code": code}, follow=True)
    assert answer.status_code == 200
    assert names_in(answer.content.decode()) == {"zfkitfz", "zfmayafz"}
    assert names_in(device.post("/kiosk/", {"code": "WRONG1"}).content.decode()) == set()


@pytest.mark.parametrize("label", ["staff", "client", "guardian", "rolfs", "doras"])
def test_an_invitation_shows_who_invites_to_whoever_holds_it_while_it_stands(house: House, label: str):
    extra = house.extras[f"invitation: {label}"]
    response = house.ask("", "GET", f"/invitation/{extra.secret}/")
    found = names_in(response.content.decode())
    if label in ("rolfs", "doras"):  # whoever invited has left
        assert response.status_code == 404
        assert found == set()
        return
    assert response.status_code == 200
    inviter = {"staff": "ada"}.get(label, "maya")
    supervisors = {
        f"{one}{name}{two}" for name in ("sol", "paul", "cleo", "nils") for one, two in (("zf", "fz"), ("zq", "qz"))
    }
    known = {*extra.canaries, f"zf{inviter}fz", canary_of(inviter), "zpwillowpz", *supervisors}
    if label == "guardian":
        known |= {"zfbenfz"}
    assert found <= known


def test_staff_without_a_second_factor_get_nowhere(house: House):
    browser = Client()
    browser.force_login(house.world.people["ines"], backend="allauth.account.auth_backends.AuthenticationBackend")
    house.browsers["ines without"] = browser
    for pattern, route in ROUTES.items():
        if route.public or pattern.startswith(OPEN_TO_THOSE_WITHOUT_A_FACTOR):
            continue
        target = next(iter(route.about(house.world, house.extras)), None) if route.about else None
        for method in ("GET", "POST"):
            response = house.ask("ines without", method, path_of(pattern, route, target))
            assert response.status_code == 302, (method, pattern)
            assert response.headers["Location"].startswith("/account/"), (method, pattern)


def test_every_sending_needs_the_token_of_its_form(house: House):
    """Whoever is led here by another site's form gets the page that says it ran out, and nothing changes."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = house.browsers["maya"].cookies
    for pattern, route in ROUTES.items():
        if "POST" in route.methods:
            target = next(iter(route.about(house.world, house.extras)), None) if route.about else None
            response = browser.post(path_of(pattern, route, target), dict(route.data(target)))
            assert response.status_code == 403, pattern


def test_someones_devices_and_passkeys_are_nobody_elses(house: House):
    from allauth.mfa.models import Authenticator
    from allauth.usersessions.models import UserSession

    house.browsers["maya"].get("/account/devices/")
    device = UserSession.objects.filter(user=house.world.people["maya"]).first()
    passkey = Authenticator.objects.create(user=house.world.people["maya"], type="webauthn", data={"name": "zx-key-xz"})
    assert device is not None
    for person in ("sam", "tom", "ada"):
        assert house.ask(person, "POST", f"/account/devices/{device.pk}/end/").status_code == 404
        for deed in ("rename", "remove"):
            for method in ("GET", "POST"):
                response = house.ask(person, method, f"/account/passkeys/{passkey.pk}/{deed}/", {"name": "mine now"})
                assert response.status_code in (302, 404), (person, deed)
                assert b"zx-key-xz" not in response.content
    passkey.refresh_from_db()
    assert passkey.data == {"name": "zx-key-xz"}


def test_the_words_that_are_looked_for_are_really_on_the_pages(house: House):
    """If the pages stopped showing them, the search would prove nothing."""
    pk = house.world.relationships["sam with maya"].pk
    page = house.ask("maya", "GET", f"/clients/{pk}/").content.decode()
    assert "zx-words-sam-with-maya-client-sam-now-xz" in page
    assert "zfsamfz" in page.lower()
    tally = Tally()
    response = house.ask("maya", "GET", f"/clients/{pk}/")
    judge(house, response, "tom", f"/clients/{pk}/", tally)  # had Tom got Maya's page
    assert any("the words" in leak for leak in tally.leaks)
    assert any("the name of sam" in leak for leak in tally.leaks)
    assert any("the id of" in leak for leak in tally.leaks)


def test_static_files_hold_no_data():
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            with storage.open(name) as file:
                assert not ANY.search(file.read().decode(errors="replace")), name


def test_the_demonstrations_doors_exist_in_the_demonstration_only(house: House, settings: object):
    assert not [pattern for pattern in patterns() if pattern.startswith(DEMO)]
    for path in ("/demo/", "/demo/sign-in/", "/demo/sign-in/therapist/any-token/", "/styleguide/"):
        for method in ("GET", "POST"):
            assert house.ask("", method, path, {"role": "therapist"}).status_code == 404
    settings.DEMO = True  # type: ignore[attr-defined]
    try:
        importlib.reload(urls)
        clear_url_caches()
        there = {pattern for pattern in patterns() if pattern.startswith(DEMO)}
        assert {"demo/", "demo/sign-in/", "demo/sign-in/<slug:slug>/<str:token>/"} <= there
        assert house.ask("", "GET", "/demo/sign-in/therapist/any-token/").status_code == 404
    finally:
        settings.DEMO = False  # type: ignore[attr-defined]
        importlib.reload(urls)
        clear_url_caches()
    assert not [pattern for pattern in patterns() if pattern.startswith(DEMO)]
