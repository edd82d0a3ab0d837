from django.test import Client
from django.urls import reverse

from openrapport.practices.models import Membership
from tests.browsing import browser_of
from tests.cast import NOON, Cast


def test_the_front_door_leads_everybody_to_their_own_first_page(cast: Cast):
    pages = {
        name: browser_of(user).get("/").headers["Location"] for name, user in cast.everybody().items() if user.email
    }
    assert pages["maya"] == reverse("caseload")
    assert pages["sol"] == reverse("supervision")
    assert pages["ada"] == reverse("practice_people")
    assert pages["zoe"] == reverse("caseload")  # therapist first: the person alone in a practice begins with clients
    assert {pages[name] for name in ("sam", "ben", "gita")} == {reverse("client_home")}
    assert Client().get("/").headers["Location"] == reverse("account_login")


def test_times_are_shown_where_the_person_is_and_words_in_their_language(cast: Cast):
    cast.sam.language, cast.sam.time_zone = "es", "America/Bogota"
    cast.sam.save(update_fields=["language", "time_zone"])
    response = browser_of(cast.sam).get(reverse("client_home"))
    assert 'lang="es"' in response.text
    cast.sam.time_zone = "Nowhere/Atlantis"
    cast.sam.save(update_fields=["time_zone"])
    assert browser_of(cast.sam).get(reverse("client_home")).status_code == 200


def test_somebody_with_several_roles_has_the_pages_of_all_of_them(cast: Cast):
    menu = browser_of(cast.zoe).get(reverse("caseload")).text
    for page in ("caseload", "signals", "supervision", "practice_people"):
        assert f'href="{reverse(page)}"' in menu
    Membership.objects.filter(user=cast.zoe, role="admin").update(until=NOON)
    assert f'href="{reverse("practice_people")}"' not in browser_of(cast.zoe).get(reverse("caseload")).text
