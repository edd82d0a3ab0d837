"""The page behind an invitation's link."""

from datetime import date, datetime

import pytest
from django.test import Client
from django.utils import timezone

from openrapport.audit.actor import Actor
from openrapport.people.models import User
from openrapport.practices.actions import Invited
from openrapport.practices.models import Role
from openrapport.relationships.models import Relationship
from openrapport.workflows.deactivate_person import deactivate_person
from openrapport.workflows.invite_by_mail import send_invitation_again
from openrapport.workflows.invite_client import NewClient, invite_client
from openrapport.workflows.invite_guardian import invite_guardian
from openrapport.workflows.invite_staff import invite_staff
from tests.browsing import browser_of
from tests.cast import Cast

GIVEN = {"name": "Noa  Example", "language": "en", "time_zone": "Europe/Madrid"}


@pytest.fixture
def moment() -> datetime:
    return timezone.now()


def invited_client(
    cast: Cast, moment: datetime, *, email: str = "noa@example.test", born: date = date(1990, 1, 1)
) -> Invited:
    new = NewClient("Noa Example", email, born, "en")
    outcome = invite_client(actor=Actor(cast.maya), practice=cast.willow, client=new, now=moment)
    assert isinstance(outcome, Invited)
    return outcome


def page_of(invited: Invited) -> str:
    return f"/invitation/{invited.token}/"


def test_the_page_says_who_asks_and_who_reads(cast: Cast, client: Client, moment: datetime) -> None:
    body = client.get(page_of(invited_client(cast, moment))).content.decode()
    assert "Maya Example at Willow Street invites you" in body
    assert "Maya Example is guided by Sol Example" in body
    assert 'value="Noa Example"' in body
    assert "Parents and guardians" not in body


def test_a_teen_reads_that_parents_see_nothing(cast: Cast, client: Client, moment: datetime) -> None:
    body = client.get(page_of(invited_client(cast, moment, born=date(2011, 1, 1)))).content.decode()
    assert "Parents and guardians do not see your answers" in body


def test_looking_changes_nothing(cast: Cast, client: Client, moment: datetime) -> None:
    invited = invited_client(cast, moment)
    for _ in range(3):
        assert client.get(page_of(invited)).status_code == 200
    assert not User.objects.filter(email="noa@example.test").exists()


def test_accepting_makes_the_account_and_signs_in(cast: Cast, client: Client, moment: datetime) -> None:
    answer = client.post(page_of(invited_client(cast, moment)), {**GIVEN, "told": "yes", "language": "es"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get(email="noa@example.test")
    assert (user.display_name, user.language, user.time_zone) == ("Noa Example", "es", "Europe/Madrid")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert Relationship.objects.get(client=user).supervision_told_at is not None
    assert answer.cookies["django_language"].value == "es"
    assert client.get("/account/devices/").content.decode().count('<li class="panel') == 1


def test_invited_staff_are_led_to_a_second_factor(cast: Cast, client: Client, moment: datetime) -> None:
    invited = invite_staff(
        actor=Actor(cast.ada),
        practice=cast.willow,
        role=Role.THERAPIST,
        name="Noa",
        email="noa@example.test",
        language="en",
        now=moment,
    )
    answer = client.post(page_of(invited), GIVEN, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/set-up/")


def test_what_is_missing_is_said_at_the_field_and_nothing_typed_is_lost(
    cast: Cast, client: Client, moment: datetime
) -> None:
    invited = invited_client(cast, moment)
    answer = client.post(page_of(invited), {**GIVEN, "name": "", "time_zone": "Mars/Base", "language": "es"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_name_error"' in body
    assert 'id="id_time_zone_error"' in body
    assert '<option value="es" selected>' in body


def test_somebody_with_an_account_signs_in_first_and_then_accepts(cast: Cast, moment: datetime) -> None:
    page = page_of(invited_client(cast, moment, email="lena@example.test"))
    stranger = Client()
    assert f"/account/sign-in/?next={page}" in stranger.get(page).content.decode()
    assert stranger.post(page, GIVEN).status_code == 200
    assert browser_of(cast.lena).post(page).status_code == 302
    assert Relationship.objects.filter(client=cast.lena, therapist=cast.maya).exists()


def test_somebody_else_who_is_signed_in_cannot_accept(cast: Cast, moment: datetime) -> None:
    invited = invited_client(cast, moment)
    body = browser_of(cast.lena).post(page_of(invited), GIVEN).content.decode()
    assert "Somebody else is signed in" in body
    assert not User.objects.filter(email="noa@example.test").exists()


def test_a_closed_account_is_told_whom_to_ask(cast: Cast, client: Client, moment: datetime) -> None:
    invited = invited_client(cast, moment, email="tom@example.test")
    deactivate_person(cast.tom, actor=Actor(cast.ada), practice=cast.willow, now=moment)
    assert "is closed" in client.get(page_of(invited)).content.decode()
    client.post(page_of(invited), GIVEN)
    assert not Relationship.objects.filter(client=cast.tom).exists()


def test_teen_with_the_address_of_a_guardian_reads_why_not(cast: Cast, moment: datetime) -> None:
    invited = invited_client(cast, moment, born=date(2011, 1, 1))
    parent = invite_guardian(
        actor=Actor(cast.maya),
        relationship=cast.ben_with_maya,
        name="Noa",
        email="noa@example.test",
        language="en",
        has_legal_custody=True,
        now=moment,
    )
    client = Client()
    assert client.post(page_of(parent), GIVEN).status_code == 302
    answer = client.post(page_of(invited))
    assert answer.status_code == 409
    assert "each need an address of their own" in answer.content.decode()


def test_every_dead_link_looks_the_same(cast: Cast, moment: datetime) -> None:
    used, renewed = invited_client(cast, moment), invited_client(cast, moment, email="other@example.test")
    Client().post(page_of(used), GIVEN)
    send_invitation_again(renewed.invitation, actor=Actor(cast.maya), now=moment)
    bodies = set()
    for address in (page_of(used), page_of(renewed), "/invitation/never-there/"):
        answer = Client().get(address)
        assert answer.status_code == 404
        body = answer.content.decode().replace(address, "")
        bodies.add("".join(line for line in body.splitlines() if "csrfmiddlewaretoken" not in line))
    assert len(bodies) == 1
    assert "This link does not work any more" in bodies.pop()


def test_trying_out_links_is_paused(cast: Cast, client: Client) -> None:
    for number in range(30):
        assert client.get(f"/invitation/guess-{number}/").status_code == 404
    assert client.get("/invitation/guess-31/").status_code == 429
