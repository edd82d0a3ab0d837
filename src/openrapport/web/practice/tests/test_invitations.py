"""Inviting from the pages: who may, what is refused at the field, and the link when there is no mail server."""

from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from openrapport.notices.models import Notice
from openrapport.practices.models import Invitation, InvitedAs
from openrapport.relationships.models import Relationship
from tests.browsing import browser_of
from tests.cast import Cast

LIST, STAFF, CLIENT = "/practice/invitations/", "/practice/invitations/new/", "/practice/clients/invite/"
NOA = {"name": "Noa", "email": "noa@example.test", "language": "en"}
ADULT = {**NOA, "birth_date": "1990-01-01"}


def guardian_page(relationship: Relationship) -> str:
    return f"/clients/{relationship.pk}/guardians/invite/"


@pytest.fixture
def ada(cast: Cast) -> Client:
    return browser_of(cast.ada)


@pytest.fixture
def maya(cast: Cast) -> Client:
    return browser_of(cast.maya)


def test_administrator_invites_a_therapist(cast: Cast, ada: Client) -> None:
    answer = ada.post(STAFF, {**NOA, "role": "therapist"})
    assert answer["Location"] == LIST
    invitation = Invitation.objects.get()
    assert (invitation.invited_as, invitation.practice) == (InvitedAs.THERAPIST, cast.willow)
    assert Notice.objects.filter(about=invitation.pk, kind="invitation", to="noa@example.test").count() == 1


@override_settings(MAIL_GOES_TO_FOLDER=True)
def test_without_a_mail_server_the_link_is_shown_once(cast: Cast, ada: Client) -> None:
    ada.post(STAFF, {**NOA, "role": "therapist"})
    stored = str(dict(ada.session.items()))
    first, second = ada.get(LIST).content.decode(), ada.get(LIST).content.decode()
    assert "http://testserver/invitation/" in first
    assert "/invitation/" not in stored
    assert "http://testserver/invitation/" not in second
    assert "outbox folder" in second


@override_settings(MAIL_GOES_TO_FOLDER=False)
def test_with_a_mail_server_the_link_goes_by_mail_only(cast: Cast, ada: Client) -> None:
    ada.post(STAFF, {**NOA, "role": "therapist"})
    body = ada.get(LIST).content.decode()
    assert "http://testserver/invitation/" not in body
    assert "outbox" not in body


def test_mistakes_are_said_at_the_field_and_nothing_typed_is_lost(cast: Cast, ada: Client) -> None:
    answer = ada.post(STAFF, {"name": "Noa", "email": "noa at example", "language": "en"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_email_error"' in body
    assert 'value="noa at example"' in body
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(("role", "email"), [("therapist", "MAYA@example.test"), ("supervisor", "sol@example.test")])
def test_somebody_who_has_the_role_is_not_invited_to_it(cast: Cast, ada: Client, role: str, email: str) -> None:
    answer = ada.post(STAFF, {"name": "x", "email": email, "language": "en", "role": role})
    assert "has this role already" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_the_same_invitation_is_not_made_twice(cast: Cast, ada: Client) -> None:
    for _ in range(2):
        answer = ada.post(STAFF, {**NOA, "role": "therapist"})
    assert "invited already" in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_an_invitation_is_sent_again_and_taken_back(cast: Cast, ada: Client) -> None:
    ada.post(STAFF, {**NOA, "role": "therapist"})
    invitation = Invitation.objects.get()
    before = invitation.token_hash
    ada.post(f"{LIST}{invitation.pk}/again/")
    invitation.refresh_from_db()
    assert (invitation.times_sent, invitation.token_hash != before) == (2, True)
    assert "sent 2 times" in ada.get(LIST).content.decode()
    ada.post(f"{LIST}{invitation.pk}/take-back/")
    assert "Taken back" in ada.get(LIST).content.decode()
    answer = ada.post(f"{LIST}{invitation.pk}/again/", follow=True)
    assert "accepted or taken back already" in answer.content.decode()


def test_states_can_be_told_apart(cast: Cast, ada: Client) -> None:
    for name in ("one", "two"):
        ada.post(STAFF, {"name": name, "email": f"{name}@example.test", "language": "en", "role": "admin"})
    Invitation.objects.filter(name="one").update(expires_at=timezone.now() - timedelta(days=1))
    assert "one@example.test" in ada.get(f"{LIST}?show=expired").content.decode()
    assert "one@example.test" not in ada.get(f"{LIST}?show=pending").content.decode()
    assert "two@example.test" in ada.get(f"{LIST}?show=pending").content.decode()


def test_therapist_invites_a_client(cast: Cast, maya: Client) -> None:
    assert maya.post(CLIENT, ADULT)["Location"] == LIST
    invitation = Invitation.objects.get()
    assert (invitation.invited_as, invitation.therapist) == (InvitedAs.CLIENT, cast.maya)


def test_an_administrator_does_not_see_whom_a_therapist_invited(cast: Cast, ada: Client, maya: Client) -> None:
    maya.post(CLIENT, ADULT)
    invitation = Invitation.objects.get()
    assert "noa@example.test" in maya.get(LIST).content.decode()
    assert "noa@example.test" not in ada.get(LIST).content.decode()
    for client in (ada, browser_of(cast.tom), browser_of(cast.zoe)):
        for deed in ("again", "take-back"):
            assert client.post(f"{LIST}{invitation.pk}/{deed}/").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"birth_date": "2190-01-01"}, "This day has not come yet."),
        ({"birth_date": "1790-01-01"}, "Please check the year."),
        ({"birth_date": "soon"}, "Enter a valid date."),
        ({"email": ""}, "From 13 years on"),
        ({"email": "sam@example.test"}, "You work with somebody with this address already."),
        ({"email": "maya@example.test"}, "This is your own address."),
        ({"email": "gita@example.test", "birth_date": "2012-01-01"}, "A parent or guardian uses this address."),
    ],
)
def test_what_does_not_fit_is_said_at_the_field(
    cast: Cast, maya: Client, change: dict[str, str], sentence: str
) -> None:
    answer = maya.post(CLIENT, {**ADULT, **change})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Invitation.objects.exists()


def test_a_young_child_without_an_address_is_there_at_once(cast: Cast, maya: Client) -> None:
    child = {"name": "Pia Example", "email": "", "language": "es", "birth_date": "2019-05-05"}
    answer = maya.post(CLIENT, child)
    relationship = Relationship.objects.get(client__display_name="Pia Example")
    assert answer["Location"] == f"/clients/{relationship.pk}/"
    assert not Notice.objects.exists()


@pytest.mark.parametrize("name", ["ada", "sol", "sam", "gita"])
def test_only_therapists_invite_clients(cast: Cast, name: str) -> None:
    client = browser_of(getattr(cast, name))
    assert client.get(CLIENT).status_code == 404
    assert client.post(CLIENT, ADULT).status_code == 404


@pytest.mark.parametrize("name", ["maya", "sol", "sam", "gita"])
def test_only_administrators_invite_staff(cast: Cast, name: str) -> None:
    client = browser_of(getattr(cast, name))
    given = {**NOA, "role": "admin", "practice": str(cast.willow.pk)}
    assert client.post(STAFF, given).status_code == 404
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("name", ["sol", "sam", "gita"])
def test_who_may_not_invite_has_no_list(cast: Cast, name: str) -> None:
    assert browser_of(getattr(cast, name)).get(LIST).status_code == 404


def test_therapist_invites_a_guardian_of_a_teen(cast: Cast, maya: Client) -> None:
    page = guardian_page(cast.ben_with_maya)
    body = maya.get(page).content.decode()
    assert "Gita Example" in body
    assert maya.post(page, NOA).status_code == 422  # custody is asked, never assumed
    maya.post(page, {**NOA, "has_legal_custody": "no"})
    invitation = Invitation.objects.get()
    assert (invitation.client, invitation.has_legal_custody) == (cast.ben, False)


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("ben@example.test", "Ben uses this address."),
        ("hugo@example.test", "is a guardian here already."),
        ("maya@example.test", "This is your own address."),
    ],
)
def test_a_guardian_who_does_not_fit_is_refused_at_the_field(
    cast: Cast, maya: Client, email: str, sentence: str
) -> None:
    answer = maya.post(guardian_page(cast.ben_with_maya), {**NOA, "email": email, "has_legal_custody": "yes"})
    assert sentence in answer.content.decode()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("name", ["tom", "ada", "sol", "ben", "gita", "zoe"])
def test_only_the_therapist_invites_a_guardian(cast: Cast, name: str) -> None:
    client = browser_of(getattr(cast, name))
    assert client.get(guardian_page(cast.ben_with_maya)).status_code == 404
    assert client.post(guardian_page(cast.ben_with_maya), {**NOA, "has_legal_custody": "yes"}).status_code == 404


def test_an_adult_has_no_guardian_page(cast: Cast, maya: Client) -> None:
    assert maya.get(guardian_page(cast.sam_with_maya)).status_code == 404


def test_somebody_who_is_both_sees_both(cast: Cast) -> None:
    body = browser_of(cast.zoe).get(LIST).content.decode()
    assert "Invite a client" in body
    assert "Invite somebody to work here" in body


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("No\u202ea", "There are invisible characters in this name."),
        ("No\x07a", "There are invisible characters in this name."),
        ("No\u200ba", "There are invisible characters in this name."),
        ("\u200f \u200d", "Please write a name that others can see."),
    ],
)
def test_a_name_that_turns_or_hides_text_is_refused(ada: Client, maya: Client, name: str, sentence: str) -> None:
    for browser, page, fields in ((ada, STAFF, {**NOA, "role": "therapist"}), (maya, CLIENT, ADULT)):
        answer = browser.post(page, {**fields, "name": name})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert not Invitation.objects.exists()


def test_a_name_loses_spare_spaces_and_keeps_the_marks_its_script_needs(ada: Client) -> None:
    ada.post(STAFF, {**NOA, "role": "therapist", "name": "  \u0646\u06cc\u200c\u0645\u0627   Noa "})
    assert Invitation.objects.get().name == "\u0646\u06cc\u200c\u0645\u0627 Noa"
