"""Drawing in a check-in: what the form takes, what it says otherwise, and who gets to see the image."""

import base64
from uuid import uuid4

import pytest
from django.test import Client

from openrapport.audit.models import AuditLine
from openrapport.checkins.models import CheckIn, Drawing
from openrapport.checkins.png import MOST_BYTES
from openrapport.relationships.actions import record_that_client_was_told_of_supervision
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast
from tests.drawings import as_text, png

DRAWING, PICTURE = "alliance-child__drawing", "alliance-child__drawing_picture"
JSON = {"Accept": "application/json"}


def address(check_in: CheckIn) -> str:
    return f"/check-in/{check_in.pk}/"


def answers(**more: str) -> dict[str, str]:
    return {"key": str(uuid4()), "who_sees": "now", "alliance-child__trust": "3"} | more


def send(check_in: CheckIn, **more: str) -> int:
    return browser_of(check_in.respondent).post(address(check_in), answers(**more)).status_code


def drawn(check_in: CheckIn) -> Drawing:
    assert send(check_in, **{DRAWING: as_text(png())}) == 302
    return Drawing.objects.get(check_in=check_in)


def test_the_childs_page_has_a_sheet_and_pictures_and_others_have_none(of_kit: CheckIn, of_sam: CheckIn) -> None:
    page = browser_of(of_kit.respondent).get(address(of_kit)).content.decode()
    assert "Do you want to draw how it was?" in page
    assert page.count(f'name="{PICTURE}"') == 7, "six pictures, and none"
    assert "<canvas" in page
    assert "<canvas" not in browser_of(of_sam.respondent).get(address(of_sam)).content.decode()


def test_what_was_drawn_is_recorded(of_kit: CheckIn) -> None:
    kept = drawn(of_kit)
    assert (kept.instrument, kept.item, kept.image, kept.picture) == ("alliance-child@1", "drawing", png(), "")


def test_a_chosen_picture_is_recorded(of_kit: CheckIn) -> None:
    assert send(of_kit, **{PICTURE: "rainbow"}) == 302
    assert Drawing.objects.get().picture == "rainbow"


@pytest.mark.parametrize("fields", [{}, {DRAWING: ""}, {PICTURE: ""}, {DRAWING: as_text(png()), PICTURE: ""}])
def test_nothing_drawn_and_skipping_store_nothing(of_kit: CheckIn, fields: dict[str, str]) -> None:
    assert send(of_kit, **fields) == 302
    assert not Drawing.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({DRAWING: "data:image/svg+xml;base64,PHN2Zz4="}, "This drawing could not be kept."),
        ({DRAWING: "data:image/png;base64,###"}, "This drawing could not be kept."),
        ({DRAWING: "javascript:alert(1)"}, "This drawing could not be kept."),
        ({DRAWING: as_text(b"GIF89a")}, "This drawing could not be kept."),
        ({DRAWING: as_text(png(5000, 10))}, "This drawing could not be kept."),
        ({DRAWING: "data:image/png;base64," + base64.b64encode(bytes(MOST_BYTES + 9)).decode()}, "too large to keep"),
        ({PICTURE: "kitten"}, "That is not one of the pictures."),
    ],
)
def test_what_is_no_drawing_is_named_and_the_rest_comes_back(
    of_kit: CheckIn, fields: dict[str, str], sentence: str
) -> None:
    sent = answers(**fields, **{"alliance-child__one_thing": "More play"})
    response = browser_of(of_kit.respondent).post(address(of_kit), sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "More play</textarea>" in page
    assert f'value="{fields.get(DRAWING, "nothing")}' not in page
    assert not CheckIn.objects.get(pk=of_kit.pk).is_submitted


def test_a_drawing_comes_back_when_something_else_is_missing(of_kit: CheckIn) -> None:
    response = browser_of(of_kit.respondent).post(address(of_kit), answers(who_sees="", **{DRAWING: as_text(png())}))
    assert response.status_code == 422
    assert base64.b64encode(png()).decode() in response.content.decode().replace("&#x2B;", "+").replace("&#x3D;", "=")


def test_the_same_key_with_another_drawing_is_refused(of_kit: CheckIn) -> None:
    browser, sent = browser_of(of_kit.respondent), answers(**{DRAWING: as_text(png())})
    browser.post(address(of_kit), sent)
    again = browser.post(address(of_kit), sent, headers=JSON)
    assert again.json()["saved"] is True
    other = browser.post(address(of_kit), sent | {DRAWING: as_text(png(shade=9))}, headers=JSON)
    assert (other.status_code, other.json()["reason"]) == (409, "already_sent")
    assert Drawing.objects.get().image == png()


def test_an_image_is_given_as_an_image_and_kept_by_no_cache(cast: Cast, of_kit: CheckIn) -> None:
    response = browser_of(cast.maya).get(f"/drawings/{drawn(of_kit).pk}/")
    assert (response.status_code, response.content) == (200, png())
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    assert set(response.headers["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    assert response.headers["Content-Disposition"].startswith("inline")


def test_nobody_else_finds_the_image(cast: Cast, of_kit: CheckIn) -> None:
    path, nowhere = f"/drawings/{drawn(of_kit).pk}/", f"/drawings/{uuid4()}/"
    for name in ("tom", "sol", "ada", "gwen", "sam", "zoe"):
        browser = browser_of(cast.everybody()[name])
        refused, missing = browser.get(path), browser.get(nowhere)
        assert refused.status_code == missing.status_code == 404, name
        assert refused.content == missing.content
    assert Client().get(path).headers["Location"].startswith("/account/")
    record_that_client_was_told_of_supervision(cast.kit_with_maya, actor=SETUP, now=NOON)
    assert browser_of(cast.sol).get(path).status_code == 200


def test_a_chosen_picture_has_no_image(cast: Cast, of_kit: CheckIn) -> None:
    send(of_kit, **{PICTURE: "storm"})
    assert browser_of(cast.maya).get(f"/drawings/{Drawing.objects.get().pk}/").status_code == 404


def test_looking_at_a_drawing_is_on_record_once_a_day_and_ones_own_is_not(cast: Cast, of_kit: CheckIn) -> None:
    path = f"/drawings/{drawn(of_kit).pk}/"
    for _ in range(2):
        browser_of(cast.maya).get(path)
        browser_of(cast.kit).get(path)
    lines = AuditLine.objects.filter(deed="read_check_in", object_id=of_kit.pk)
    assert [(line.actor_user, line.subject_id) for line in lines] == [(cast.maya, cast.kit.pk)]


def test_the_therapist_finds_the_drawing_among_the_clients_words(cast: Cast, of_kit: CheckIn) -> None:
    kept = drawn(of_kit)
    page = browser_of(cast.maya).get(f"/clients/{cast.kit_with_maya.pk}/").content.decode()
    assert f'src="/drawings/{kept.pk}/" width="8" height="6" alt="A drawing by Kit"' in page
    assert "gAAAA" not in page


def test_a_chosen_picture_is_named_to_those_who_read_it(cast: Cast, of_kit: CheckIn) -> None:
    send(of_kit, **{PICTURE: "storm"})
    for user, path in ((cast.maya, f"/clients/{cast.kit_with_maya.pk}/"), (cast.kit, f"/home/answers/{of_kit.pk}/")):
        assert ">Storm<" in browser_of(user).get(path).content.decode()


def test_ones_own_drawing_stands_among_ones_answers(cast: Cast, of_kit: CheckIn) -> None:
    kept = drawn(of_kit)
    page = browser_of(cast.kit).get(f"/home/answers/{of_kit.pk}/").content.decode()
    assert f'src="/drawings/{kept.pk}/"' in page
    assert 'alt="The drawing you made"' in page
