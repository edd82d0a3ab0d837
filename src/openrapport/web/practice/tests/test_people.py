"""An administrator looks after people and roles, and sees no client; nobody else gets here."""

import pytest
from django.test import Client

from openrapport.practices.models import Membership, Role, Supervision
from openrapport.web.account.tests.test_second_factor import sign_in_by_code
from tests.browsing import browser_of
from tests.cast import Cast

PEOPLE = "/practice/people/"


@pytest.fixture
def ada(cast: Cast) -> Client:
    return browser_of(cast.ada)


def roles_of(cast: Cast, name: str) -> set[str]:
    return set(Membership.objects.filter(user=getattr(cast, name), until=None).values_list("role", flat=True))


def role_of(cast: Cast, name: str) -> Membership:
    return Membership.objects.get(user=getattr(cast, name), until=None)


def test_the_list_shows_staff_and_no_client(cast: Cast, ada: Client) -> None:
    body = ada.get(PEOPLE).content.decode()
    for name in ("Ada", "Maya", "Tom", "Sol"):
        assert f"{name} Example" in body
    for name in ("Sam", "Ben", "Kit", "Lena", "Gita", "Gwen", "Zoe", "Yan"):
        assert f"{name} Example" not in body


@pytest.mark.parametrize(
    ("query", "names"),
    [("q=MAYA", {"Maya"}), ("q=example.test", {"Ada", "Maya", "Tom", "Sol"}), ("show=supervisor", {"Sol"})],
)
def test_people_are_found_by_name_address_and_role(cast: Cast, ada: Client, query: str, names: set[str]) -> None:
    body = ada.get(f"{PEOPLE}?{query}").content.decode().partition("<tbody>")[2]
    assert {name for name in ("Ada", "Maya", "Tom", "Sol") if f"{name} Example" in body} == names


def test_nobody_found_is_said(ada: Client) -> None:
    assert "Nobody found" in ada.get(f"{PEOPLE}?q=zzz").content.decode()


@pytest.mark.parametrize("name", ["maya", "sol", "sam", "gita", "zoe"])
def test_others_find_nothing_here(cast: Cast, name: str) -> None:
    client = browser_of(getattr(cast, name))
    person, membership = f"{PEOPLE}{cast.tom.pk}/", role_of(cast, "tom")
    supervision = Supervision.objects.get()
    reads = [person, f"{person}close/"] + ([] if name == "zoe" else [PEOPLE, "/practice/settings/"])
    writes = [f"{person}roles/", f"{person}supervisors/", f"{person}close/", f"{person}open/"]
    writes += [f"/practice/roles/{membership.pk}/end/", f"/practice/supervisions/{supervision.pk}/end/"]
    assert {client.get(path).status_code for path in reads} == {404}
    given = {"role": "admin", "supervisor": str(cast.sol.pk), "practice": str(cast.willow.pk)}
    assert {client.post(path, given).status_code for path in writes} == {404}
    assert roles_of(cast, "tom") == {Role.THERAPIST}
    assert Supervision.objects.filter(until=None).count() == 1


def test_strangers_are_led_to_sign_in(cast: Cast, client: Client) -> None:
    assert client.get(PEOPLE)["Location"].startswith("/account/sign-in/")


def test_a_client_of_the_practice_is_not_a_person_of_this_list(cast: Cast, ada: Client) -> None:
    assert ada.get(f"{PEOPLE}{cast.sam.pk}/").status_code == 404
    assert ada.post(f"{PEOPLE}{cast.sam.pk}/roles/", {"role": "therapist"}).status_code == 404
    assert ada.post(f"{PEOPLE}{cast.sam.pk}/close/").status_code == 404


def test_a_role_is_given_and_ended(cast: Cast, ada: Client) -> None:
    ada.post(f"{PEOPLE}{cast.maya.pk}/roles/", {"role": "supervisor"})
    assert roles_of(cast, "maya") == {Role.THERAPIST, Role.SUPERVISOR}
    ended = Membership.objects.get(user=cast.maya, role=Role.SUPERVISOR)
    ada.post(f"/practice/roles/{ended.pk}/end/")
    assert roles_of(cast, "maya") == {Role.THERAPIST}
    assert "Earlier roles" in ada.get(f"{PEOPLE}{cast.maya.pk}/").content.decode()
    assert ada.post(f"/practice/roles/{ended.pk}/end/").status_code == 404


def test_an_unknown_role_is_refused_in_words(cast: Cast, ada: Client) -> None:
    answer = ada.post(f"{PEOPLE}{cast.maya.pk}/roles/", {"role": "emperor"}, follow=True)
    assert "Choose a role" in answer.content.decode()


def test_the_last_administrator_stays_one(cast: Cast, ada: Client) -> None:
    answer = ada.post(f"/practice/roles/{role_of(cast, 'ada').pk}/end/", follow=True)
    assert "Willow Street needs at least one administrator" in answer.content.decode()
    answer = ada.post(f"{PEOPLE}{cast.ada.pk}/close/", follow=True)
    assert "Willow Street needs at least one administrator" in answer.content.decode()
    cast.ada.refresh_from_db()
    assert cast.ada.is_active
    assert roles_of(cast, "ada") == {Role.ADMIN}


def test_with_another_administrator_one_may_go(cast: Cast, ada: Client) -> None:
    ada.post(f"{PEOPLE}{cast.tom.pk}/roles/", {"role": "admin"})
    own = Membership.objects.get(user=cast.ada)
    assert ada.post(f"/practice/roles/{own.pk}/end/")["Location"] == "/"
    assert ada.get(PEOPLE).status_code in {302, 404}
    assert roles_of(cast, "tom") == {Role.THERAPIST, Role.ADMIN}


def test_a_supervisor_is_assigned_and_taken_away(cast: Cast, ada: Client) -> None:
    ada.post(f"{PEOPLE}{cast.tom.pk}/supervisors/", {"supervisor": str(cast.sol.pk)})
    supervision = Supervision.objects.get(therapist=cast.tom, until=None)
    assert supervision.supervisor == cast.sol
    ada.post(f"/practice/supervisions/{supervision.pk}/end/")
    assert not Supervision.objects.filter(therapist=cast.tom, until=None).exists()


@pytest.mark.parametrize("name", ["ada", "zoe", "maya", "sam"])
def test_only_a_supervisor_of_the_practice_can_be_assigned(cast: Cast, ada: Client, name: str) -> None:
    given = {"supervisor": str(getattr(cast, name).pk)}
    answer = ada.post(f"{PEOPLE}{cast.tom.pk}/supervisors/", given, follow=True)
    assert "Choose a supervisor of this practice" in answer.content.decode()
    assert not Supervision.objects.filter(therapist=cast.tom).exists()


def test_nobody_supervises_themselves(cast: Cast, ada: Client) -> None:
    ada.post(f"{PEOPLE}{cast.tom.pk}/roles/", {"role": "supervisor"})
    answer = ada.post(f"{PEOPLE}{cast.tom.pk}/supervisors/", {"supervisor": str(cast.tom.pk)}, follow=True)
    assert "Choose a supervisor of this practice" in answer.content.decode()


def test_closing_asks_first_then_signs_the_person_out_everywhere(cast: Cast, ada: Client) -> None:
    theirs = sign_in_by_code("tom@example.test")
    assert theirs.get("/account/").status_code == 200
    assert "Close the account of Tom Example?" in ada.get(f"{PEOPLE}{cast.tom.pk}/close/").content.decode()
    cast.tom.refresh_from_db()
    assert cast.tom.is_active
    ada.post(f"{PEOPLE}{cast.tom.pk}/close/")
    assert theirs.get("/account/").status_code == 302
    cast.tom.refresh_from_db()
    assert not cast.tom.is_active
    assert roles_of(cast, "tom") == {Role.THERAPIST}  # nothing is deleted
    ada.post(f"{PEOPLE}{cast.tom.pk}/open/")
    cast.tom.refresh_from_db()
    assert cast.tom.is_active
    assert theirs.get("/account/").status_code == 302  # the older sign-in does not come back to life


def test_an_account_used_elsewhere_is_not_closed_over_the_heads_of_others(cast: Cast, ada: Client) -> None:
    Membership.objects.create(practice=cast.harbour, user=cast.tom, role=Role.THERAPIST, since=cast.tom.created_at)
    answer = ada.post(f"{PEOPLE}{cast.tom.pk}/close/", follow=True)
    assert "works in another practice" in answer.content.decode()
    cast.tom.refresh_from_db()
    assert cast.tom.is_active


def test_a_closed_account_gets_no_new_role(cast: Cast, ada: Client) -> None:
    ada.post(f"{PEOPLE}{cast.tom.pk}/close/")
    ada.post(f"{PEOPLE}{cast.tom.pk}/roles/", {"role": "supervisor"})
    assert roles_of(cast, "tom") == {Role.THERAPIST}


def test_an_administrator_of_two_practices_chooses_one(cast: Cast) -> None:
    Membership.objects.create(practice=cast.willow, user=cast.zoe, role=Role.ADMIN, since=cast.zoe.created_at)
    zoe = browser_of(cast.zoe)
    body = zoe.get(f"{PEOPLE}?practice={cast.willow.pk}").content.decode()
    assert "Maya Example" in body
    body = zoe.get(f"{PEOPLE}?practice={cast.harbour.pk.hex}").content.decode()
    assert "Maya Example" not in body
    assert zoe.get(f"{PEOPLE}?practice=nonsense").status_code == 404
