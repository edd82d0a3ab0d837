"""A client's own pages: what is asked, the own line in words, the own answers, and everybody who read them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from openrapport.analysis.catalogue import get_instrument
from openrapport.audit.actor import Actor
from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
from openrapport.checkins.queries import shared_with_therapist
from openrapport.people.models import User
from openrapport.reports.shared import read_check_in
from openrapport.web.client_home.page import say_trend
from openrapport.workflows.read_record import (
    record_glance_at_scores,
    record_reading_of_check_ins,
)
from tests.browsing import browser_of
from tests.cast import NOON, Cast
from tests.check_ins import answer, hold_session, live_through, of
from tests.many_relationships import store_fit


@pytest.fixture(autouse=True)
def _it_is_noon(db: None) -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def text(user: User, path: str) -> str:
    response = browser_of(user).get(path)
    assert response.status_code == 200
    return response.content.decode()


def of_role(check_ins: object, cast: Cast, who: User) -> CheckIn:
    return CheckIn.objects.get(session=check_ins.session, respondent=who)  # type: ignore[attr-defined]


def test_everything_is_empty_before_the_first_session(cast: Cast) -> None:
    assert "Nothing to answer now" in text(cast.sam, "/home/")
    assert "You have not sent anything yet" in text(cast.sam, "/home/answers/")


def test_somebody_signed_out_is_led_to_the_sign_in_page(cast: Cast) -> None:
    for path in ("/home/", "/home/answers/"):
        assert Client().get(path).headers["Location"].startswith("/account/")


def test_the_own_line_lies_among_others_only_where_others_were_measured(cast: Cast) -> None:
    live_through(cast.sam_with_maya, (7, 8, 8))
    live_through(cast.kit_with_maya, (4, 4, 4))
    assert "shaded" not in text(cast.sam, "/home/")  # nothing is held up to anybody that is only assumed
    for reference in ("alliance-adult@1", "alliance-child@1"):
        store_fit(cast.willow, instrument=reference)
    page = text(cast.sam, "/home/")
    assert "The shaded part comes from 240 therapies in this practice." in page
    assert "Being outside is not wrong." in page
    assert "Where most answers here were" in page
    assert "shaded" not in text(cast.kit, "/home/")  # a child sees the own line alone


def test_home_leads_to_the_check_in_that_waits(cast: Cast) -> None:
    asked = of(hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.CLIENT)
    page = text(cast.sam, "/home/")
    assert f"/check-in/{asked.pk}/" in page
    answer(asked, at=NOON)
    assert f"/check-in/{asked.pk}/" not in text(cast.sam, "/home/")


def test_everybody_finds_only_what_they_were_asked_themselves(cast: Cast) -> None:
    opened = hold_session(cast.ben_with_maya, at=NOON - timedelta(hours=1))
    of_ben, of_gita = of_role(opened, cast, cast.ben), of_role(opened, cast, cast.gita)
    answer(of_ben, at=NOON, words="Only for Maya")
    answer(of_gita, at=NOON)
    for path in ("/home/", "/home/answers/"):
        page = text(cast.gita, path)
        assert str(of_gita.pk) in page
        assert str(of_ben.pk) not in page
        assert "Ben" not in page
    for somebody in (cast.gita, cast.maya, cast.sol, cast.sam, cast.ada):
        assert browser_of(somebody).get(f"/home/answers/{of_ben.pk}/").status_code == 404
    assert "Only for Maya" in text(cast.ben, f"/home/answers/{of_ben.pk}/")


def test_a_therapists_mirror_is_not_among_their_answers(cast: Cast) -> None:
    mirror = of(hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.THERAPIST)
    answer(mirror, at=NOON)
    assert str(mirror.pk) not in text(cast.maya, "/home/answers/")
    assert browser_of(cast.maya).get(f"/home/answers/{mirror.pk}/").status_code == 404


def test_who_read_it_stands_beside_it(cast: Cast) -> None:
    live_through(cast.sam_with_maya, [7, 8], first=NOON - timedelta(days=14))
    read = [read_check_in(one) for one in shared_with_therapist(cast.sam_with_maya, at=NOON)][:1]
    for at in (NOON - timedelta(days=2), NOON - timedelta(days=1)):
        record_reading_of_check_ins(read, relationship=cast.sam_with_maya, actor=Actor(user=cast.maya), now=at)
    record_glance_at_scores([cast.sam_with_maya], actor=Actor(user=cast.maya), now=NOON)
    page = text(cast.sam, "/home/answers/")
    assert "Maya read this on Feb. 28, 2026 and on 1 other day" in page
    assert page.count("Nobody else has read it.") == 1
    assert "Maya saw your latest numbers in a list of clients." in page
    assert "Maya read this on" in text(cast.sam, f"/home/answers/{read[0].pk}/")


@pytest.mark.parametrize(
    ("disclosure", "sentence"),
    [
        (Disclosure.NOW, "Shared with Maya"),
        (Disclosure.NEXT_SESSION, "Maya sees it from your next session"),
        (Disclosure.SUPERVISOR_ONLY, "Only Maya&#x27;s supervisor"),
        (Disclosure.PRIVATE, "Only you"),
    ],
)
def test_the_badge_says_whom_it_was_shared_with(cast: Cast, disclosure: Disclosure, sentence: str) -> None:
    asked = of(hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.CLIENT)
    answer(asked, at=NOON, disclosure=disclosure)
    assert sentence in text(cast.sam, "/home/answers/")


def test_what_was_kept_for_the_next_session_is_shared_from_then_on(cast: Cast) -> None:
    asked = of(hold_session(cast.sam_with_maya, at=NOON - timedelta(days=7)), RespondentRole.CLIENT)
    answer(asked, at=NOON - timedelta(days=7), disclosure=Disclosure.NEXT_SESSION)
    hold_session(cast.sam_with_maya, at=NOON)
    assert "Shared with Maya" in text(cast.sam, "/home/answers/")


def test_the_line_holds_private_answers_too_and_says_so(cast: Cast) -> None:
    for week, disclosure in ((2, Disclosure.NOW), (1, Disclosure.PRIVATE)):
        at = NOON - timedelta(weeks=week)
        answer(of(hold_session(cast.sam_with_maya, at=at), RespondentRole.CLIENT), at=at, disclosure=disclosure)
    page = text(cast.sam, "/home/")
    assert "Working with Maya" in page
    assert "also those that only you can see" in page
    assert "<svg" in page


def test_the_line_is_told_in_kind_words() -> None:
    scale = get_instrument("alliance-adult").total
    assert "first point" in say_trend([7.0], scale)
    assert "felt better" in say_trend([5.0, 6.0, 7.0], scale)
    assert "That happens" in say_trend([8.0, 8.0, 5.0], scale)
    assert "much like" in say_trend([7.0, 7.5, 7.4], scale)


def test_answers_are_shown_as_they_were_given(cast: Cast) -> None:
    asked = of(hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.CLIENT)
    answer(asked, at=NOON, alliance=10, words="<b>Slower</b>\nplease")
    page = text(cast.sam, f"/home/answers/{asked.pk}/")
    assert "10 of 10" in page
    assert "Completely safe" in page
    assert "&lt;b&gt;Slower&lt;/b&gt;" in page
    assert "On average 10.0 of 10." in page
    assert "every question in it was skipped" in page, "the part that was left out says why it has no number"


def test_a_client_reads_in_their_own_language(cast: Cast) -> None:
    User.objects.filter(pk=cast.sam.pk).update(language="es")
    assert 'lang="es"' in text(User.objects.get(pk=cast.sam.pk), "/home/")
