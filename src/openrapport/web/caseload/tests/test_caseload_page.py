import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.people.models import User
from openrapport.practices.actions import give_role
from openrapport.practices.models import Role
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import State
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import answer, live_through

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stopped_clock():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def lively(cast: Cast) -> Cast:
    """Sam has a rupture, Ben shared nothing lately, Kit is new."""
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8, 4))
    live_through(cast.ben_with_maya, (8, None, None))
    return cast


def html_for(user: User, query: str = "") -> str:
    response = browser_of(user).get(reverse("caseload") + query)
    assert response.status_code == 200
    return response.content.decode()


def names_in(html: str) -> list[str]:
    return [name.strip() for name in re.findall(r"data-key-row>([^<]+)<", html)]


def test_the_one_who_needs_me_stands_first_with_a_reason(lively: Cast):
    html = html_for(lively.maya)
    assert names_in(html) == ["Sam Example", "Ben Example", "Kit Example"]
    assert "Possible rupture, session 7" in html
    assert "3 clients. 1 needs you." in html
    assert "7 of 7 shared" in html
    assert "No session yet" in html


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?show=needs_me", ["Sam Example"]),
        ("?show=quiet", ["Ben Example"]),
        ("?q=KIT", ["Kit Example"]),
        ("?q=b%C3%A9n+exa", ["Ben Example"]),
        ("?q=nobody", []),
        ("?sort=name", ["Ben Example", "Kit Example", "Sam Example"]),
        ("?sort=last", ["Ben Example", "Sam Example", "Kit Example"]),
        ("?state=paused", []),
        ("?state=ended", []),
        ("?show=wrong&state=wrong&sort=wrong", ["Sam Example", "Ben Example", "Kit Example"]),
        ("?q=%00%3Cscript%3E", []),
    ],
)
def test_search_filter_and_sort(lively: Cast, query: str, names: list[str]):
    assert names_in(html_for(lively.maya, query)) == names


def test_what_was_searched_stays_in_the_field_and_is_escaped(lively: Cast):
    html = html_for(lively.maya, "?q=%22%3E%3Cb%3E&show=quiet&sort=name")
    assert 'value="&quot;&gt;&lt;b&gt;"' in html
    assert '<input type="hidden" name="show" value="quiet">' in html
    assert '<option value="name" selected>' in html


def test_paused_and_ended_have_lists_of_their_own(lively: Cast):
    move_relationship(lively.ben_with_maya, actor=SETUP, to_state=State.PAUSED, now=NOON)
    move_relationship(lively.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    assert names_in(html_for(lively.maya)) == ["Kit Example"]
    assert names_in(html_for(lively.maya, "?state=paused")) == ["Ben Example"]
    ended = html_for(lively.maya, "?state=ended")
    assert names_in(ended) == ["Sam Example"]
    assert "Ended on March 2, 2026" in ended


def test_a_therapist_without_clients_is_invited_to_invite_one(cast: Cast):
    give_role(actor=SETUP, practice=cast.willow, user=cast.ada, role=Role.THERAPIST, now=NOON)
    html = html_for(cast.ada)
    assert "No clients yet" in html
    assert "data-key-row" not in html


@pytest.mark.parametrize("person", ["sam", "gita", "ada", "sol"])
def test_whoever_is_no_therapist_gets_404(cast: Cast, person: str):
    assert browser_of(getattr(cast, person)).get(reverse("caseload")).status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(cast: Cast):
    response = Client().get(reverse("caseload"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("kept", [Disclosure.PRIVATE, Disclosure.NEXT_SESSION, Disclosure.SUPERVISOR_ONLY])
def test_what_is_kept_back_leaves_no_trace(cast: Cast, kept: Disclosure):
    live_through(cast.sam_with_maya, (8, None))
    before = html_for(cast.maya)
    waiting = cast.sam_with_maya.check_ins.get(session__number=2, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON - timedelta(hours=1), alliance=1, disclosure=kept)

    def without_tokens(html: str) -> str:
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)

    assert without_tokens(html_for(cast.maya)) == without_tokens(before)
