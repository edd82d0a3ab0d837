"""A session is recorded once, however often and from wherever its form is sent."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from openrapport.checkins.models import CheckIn
from openrapport.notices.models import Notice
from openrapport.sessions.models import TherapySession
from tests.browsing import browser_of
from tests.cast import Cast
from tests.check_ins import hold_session


def form_of(browser: Client, cast: Cast) -> dict[str, str]:
    """The page as it stands, filled in: half an hour ago."""
    html = browser.get(reverse("record_session", args=[cast.sam_with_maya.pk])).content.decode()
    (after,) = re.findall(r'<input type="hidden" name="after" value="(\d+)"', html)
    began = (timezone.now() - timedelta(minutes=30)).astimezone(cast.maya.zone)
    return {"after": after, "day": f"{began:%Y-%m-%d}", "begin": f"{began:%H:%M}", "format": "video"}


def send(browser: Client, cast: Cast, form: dict[str, str]):
    return browser.post(reverse("record_session", args=[cast.sam_with_maya.pk]), form)


def test_the_same_form_sent_twice_makes_one_session_and_is_thanked_twice(cast: Cast):
    hold_session(cast.sam_with_maya, at=timezone.now() - timedelta(days=7))
    browser = browser_of(cast.maya)
    form = form_of(browser, cast)
    assert form["after"] == "1"
    assert [send(browser, cast, form).status_code for _ in range(2)] == [302, 302]
    assert [one.number for one in TherapySession.objects.order_by("number")] == [1, 2]


def test_another_session_recorded_meanwhile_is_told_before_one_more_is(cast: Cast):
    browser = browser_of(cast.maya)
    form = form_of(browser, cast)
    hold_session(cast.sam_with_maya, at=timezone.now() - timedelta(hours=3))
    told = send(browser, cast, form)
    html = told.content.decode()
    assert told.status_code == 409
    assert "Session 1 was recorded meanwhile" in html
    assert f'value="{form["day"]}"' in html
    assert 'name="after" value="1"' in html
    assert TherapySession.objects.count() == 1
    assert send(browser, cast, form | {"after": "1"}).status_code == 302
    assert TherapySession.objects.count() == 2


def test_two_windows_at_the_same_moment_make_one_session(real_database: None, cast: Cast):
    """Two connections, two transactions: whoever comes second finds the session there."""
    browsers = [browser_of(cast.maya) for _ in range(2)]
    forms = [form_of(browser, cast) for browser in browsers]
    ready = Barrier(len(browsers))

    def press(browser: Client, form: dict[str, str]) -> int:
        try:
            ready.wait()
            return int(send(browser, cast, form).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(browsers)) as windows:
        statuses = list(windows.map(press, browsers, [forms[0], forms[0]]))
    assert statuses == [302, 302]
    assert TherapySession.objects.count() == 1
    assert CheckIn.objects.count() == 2, "one for Sam, one for Maya"
    assert Notice.objects.filter(kind="check_in_ready").count() == 1
