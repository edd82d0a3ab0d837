from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from openrapport.people.models import User
from openrapport.practices.models import Supervision
from openrapport.signals.actions import escalate_unseen
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast
from tests.check_ins import live_through
from tests.many_relationships import add_relationships, store_fit

pytestmark = pytest.mark.django_db
DROP = (8, 8, 8, 8, 8, 8, 4)


@pytest.fixture(autouse=True)
def _stopped_clock():
    with time_machine.travel(NOON, tick=False):
        yield


def html_for(user: User) -> str:
    response = browser_of(user).get(reverse("supervision"))
    assert response.status_code == 200
    return response.content.decode()


def test_only_clients_who_were_told_appear(cast: Cast):
    live_through(cast.sam_with_maya, DROP)
    live_through(cast.ben_with_maya, DROP)
    live_through(cast.lena_with_tom, DROP)
    html = html_for(cast.sol)
    assert "Maya Example" in html
    assert "Possible rupture, session 7" in html
    assert reverse("client_page", args=[cast.sam_with_maya.pk]) in html
    for nobody in ("Ben", "Lena", "Tom"):
        assert nobody not in html


def test_what_was_passed_on_comes_first(cast: Cast):
    live_through(cast.sam_with_maya, DROP)
    escalate_unseen(actor=SETUP, now=NOON + timedelta(days=10))
    assert "Passed on to the supervisor" in html_for(cast.sol)


def test_sight_ends_with_the_supervision(cast: Cast):
    live_through(cast.sam_with_maya, DROP)
    Supervision.objects.update(until=NOON)
    assert "Nothing is open to you yet" in html_for(cast.sol)


def test_too_few_people_have_a_number_and_nothing_more(cast: Cast):
    live_through(cast.sam_with_maya, DROP)
    html = html_for(cast.sol)
    assert "from five people on" in html
    for nothing in ("People with an open signal", "Average of"):
        assert nothing not in html


def test_five_people_are_shown_together_beside_what_was_expected(cast: Cast):
    add_relationships(cast.willow, cast.maya, [[7.0, 8, 8], [6, 7, 8], [5, 6, 7], [8, 8, 9], [9, 9]], told=True)
    live_through(cast.sam_with_maya, DROP)
    html = html_for(cast.sol)
    for shown in (
        "Average of 6 relationships",
        "Expected on average",
        "Provisional: what is expected",
        "Number not shown",
    ):
        assert shown in html, shown
    assert "100 %" in html
    assert "21 of 21 sessions" in html
    store_fit(cast.willow)
    assert "comes from 240 relationships in this practice, for people who began like these" in html_for(cast.sol)


@pytest.mark.parametrize("person", ["maya", "sam", "ada", "gita"])
def test_whoever_is_no_supervisor_gets_404(cast: Cast, person: str):
    assert browser_of(getattr(cast, person)).get(reverse("supervision")).status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(cast: Cast):
    assert Client().get(reverse("supervision"))["Location"].startswith(reverse("account_login"))
