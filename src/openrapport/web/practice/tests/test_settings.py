"""The rules of a practice are data with versions."""

import pytest
from django.test import Client

from openrapport.practices.models import PracticeRules
from openrapport.practices.queries import rules_of
from openrapport.web.practice.forms import values_of
from tests.browsing import browser_of
from tests.cast import Cast

PAGE = "/practice/settings/"


@pytest.fixture
def ada(cast: Cast) -> Client:
    return browser_of(cast.ada)


def given(cast: Cast, **changes: object) -> dict[str, object]:
    return {**values_of(rules_of(cast.willow)), **changes}


def test_a_change_is_a_new_version_and_the_history_says_what_changed(cast: Cast, ada: Client) -> None:
    assert ada.post(PAGE, given(cast, link_valid_hours=24)).status_code == 302
    assert [(one.version, one.link_valid_hours) for one in PracticeRules.objects.filter(practice=cast.willow)] == [
        (1, 72),
        (2, 24),
    ]
    body = ada.get(PAGE).content.decode()
    assert "72 → 24" in body
    assert "Ada Example" in body


def test_saving_without_a_change_makes_no_version(cast: Cast, ada: Client) -> None:
    ada.post(PAGE, given(cast))
    assert rules_of(cast.willow).version == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("link_valid_hours", 0), ("link_valid_hours", 721), ("kiosk_code_minutes", 1), ("invitation_valid_days", "soon")],
)
def test_nonsense_is_said_at_the_field_and_changes_nothing(cast: Cast, ada: Client, field: str, value: object) -> None:
    answer = ada.post(PAGE, given(cast, **{field: value}))
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert rules_of(cast.willow).version == 1


def test_two_who_change_at_once_do_not_overwrite_each_other(cast: Cast, ada: Client) -> None:
    seen_by_both = given(cast)
    ada.post(PAGE, {**seen_by_both, "link_valid_hours": 24})
    answer = ada.post(PAGE, {**seen_by_both, "link_valid_hours": 48})
    assert "Somebody else changed the rules meanwhile" in answer.content.decode()
    assert rules_of(cast.willow).link_valid_hours == 24
    assert 'name="version" value="2"' in answer.content.decode()


def test_another_practice_keeps_its_rules(cast: Cast, ada: Client) -> None:
    answer = ada.post(PAGE, given(cast, link_valid_hours=24, practice=str(cast.harbour.pk)))
    assert answer.status_code == 404
    assert rules_of(cast.harbour).version == 1
