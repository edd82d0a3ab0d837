import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import NoReverseMatch, Resolver404, get_resolver, resolve, reverse

from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.web.demo.roles import ROLES
from openrapport.web.demo.views import SESSION_KEY
from tests.cast import NOON

PATHS = ("/demo/", "/demo/sign-in/", "/demo/sign-in/therapist/token/")
in_demo = override_settings(DEMO=True, DEMO_TOKEN="a-token", ROOT_URLCONF="openrapport.web.demo.tests.urls")


@pytest.fixture
def maya(db: None) -> User:
    return create_user(display_name="Maya", email="maya@demo.example", language="en", time_zone="UTC", now=NOON)


@pytest.mark.parametrize("path", PATHS)
def test_outside_the_demo_there_are_no_such_addresses(path: str):
    assert settings.DEMO is False
    with pytest.raises(Resolver404):
        resolve(path)
    with pytest.raises(NoReverseMatch):
        reverse("demo_sign_in")
    assert not [p for p in get_resolver().url_patterns if str(p.pattern).startswith(("demo", "styleguide"))]


@pytest.mark.parametrize("path", PATHS)
@override_settings(DEMO=False, DEMO_TOKEN="token", ROOT_URLCONF="openrapport.web.demo.tests.urls")
def test_outside_the_demo_the_pages_refuse_even_when_mounted(client: Client, maya: User, path: str):
    assert client.get(path).status_code in {404, 405}
    assert client.post(path, {"role": "therapist"}).status_code in {404, 405}
    assert "_auth_user_id" not in client.session


@in_demo
def test_one_click_signs_in_and_says_so_to_the_second_factors_guard(client: Client, maya: User):
    answer = client.post("/demo/sign-in/", {"role": "therapist"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(maya.pk)
    assert client.session[SESSION_KEY] is True


@in_demo
def test_the_printed_link_signs_in_with_its_token_only(client: Client, maya: User):
    assert client.get("/demo/sign-in/therapist/wrong/").status_code == 404
    assert client.get("/demo/sign-in/nobody/a-token/").status_code == 404
    assert "_auth_user_id" not in client.session
    client.get("/demo/sign-in/therapist/a-token/")
    assert client.session["_auth_user_id"] == str(maya.pk)


@override_settings(DEMO=True, DEMO_TOKEN="", ROOT_URLCONF="openrapport.web.demo.tests.urls")
def test_without_a_token_no_link_works(client: Client, maya: User):
    assert client.get("/demo/sign-in/therapist/x/").status_code == 404


@pytest.mark.django_db
@in_demo
def test_the_list_names_every_role(client: Client):
    page = client.get("/demo/").content.decode()
    assert [role.slug for role in ROLES if f'value="{role.slug}"' not in page] == []
