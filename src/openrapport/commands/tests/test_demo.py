import json
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from openrapport.analysis.catalogue import get_by_ref, get_instrument
from openrapport.analysis.scoring import ScaleScore, score_total
from openrapport.audit.queries import broken_chains
from openrapport.checkins.models import Answer, CheckIn, Disclosure, RespondentRole, Score
from openrapport.commands import CommandError
from openrapport.commands.demo.build import build
from openrapport.commands.demo.courses import course_of
from openrapport.commands.demo.folder import Found, begin_anew, look_at, mark_begun, mark_ready
from openrapport.commands.demo.old_mail import readdress_old_mail, readdress_waiting_mail
from openrapport.commands.demo.people import CLIENTS
from openrapport.commands.demo.words import THERAPIST_WORDS, WORDS
from openrapport.notices.actions import queue_mail
from openrapport.notices.models import Notice
from openrapport.people.models import User
from openrapport.relationships.models import Guardianship, Relationship
from openrapport.signals.models import Kind, Signal, SignalState
from openrapport.web.demo.roles import ROLES
from tests.cast import NOON

NOWHERE = UUID(int=1)


def test_the_same_seed_gives_the_same_courses():
    assert [course_of(client) for client in CLIENTS] == [course_of(client) for client in CLIENTS]


def test_every_answer_is_one_the_instrument_offers():
    for client in CLIENTS:
        for held in course_of(client):
            for sent in (held.client, held.therapist, *held.guardians.values()):
                for name, values in sent.values.items() if sent else ():
                    assert score_total(values, get_instrument(name)) is not None


def test_24_clients_with_4_to_20_sessions():
    assert len(CLIENTS) == len({client.name for client in CLIENTS}) == 24
    assert {min(c.sessions for c in CLIENTS), max(c.sessions for c in CLIENTS)} == {4, 20}


def test_there_are_words_for_every_voice_and_moment():
    moments = set(THERAPIST_WORDS)
    assert {voice: set(said) for voice, said in WORDS.items()} == dict.fromkeys(WORDS, moments)


@pytest.mark.long
@pytest.mark.django_db
def test_the_invented_practice_is_real_in_everything_but_its_people():
    build(now=NOON)
    assert broken_chains() == []
    assert Relationship.objects.count() == 24
    _everybody_has_one_check_in_waiting()
    _the_scores_are_those_of_the_courses()
    _what_the_pages_need_is_there()


def _everybody_has_one_check_in_waiting():
    waiting = CheckIn.objects.filter(submitted_at=None, role=RespondentRole.CLIENT)
    newest = Counter(c.relationship_id for c in waiting if c.session.number == c.relationship.therapy_sessions.count())
    assert set(newest.values()) == {1}
    assert len(newest) == 24


def _the_scores_are_those_of_the_courses():
    """Two builds give the same scores since the courses do, and the workflows store what the courses say."""
    for client in CLIENTS:
        reference = get_instrument(f"alliance-{client.audience}").ref
        instrument = get_by_ref(reference)
        stored = Score.objects.filter(
            check_in__respondent__display_name=client.full_name, instrument=reference, scale=instrument.total.code
        ).order_by("check_in__session__number")
        sent = [held.client for held in course_of(client) if held.client]
        results = [score_total(one.values[instrument.id], instrument) for one in sent]
        expected = [result.value if isinstance(result, ScaleScore) else None for result in results]
        assert list(stored.values_list("value", flat=True)) == expected


def _what_the_pages_need_is_there():
    assert set(Signal.objects.values_list("kind", flat=True)) == set(Kind.values)
    assert set(Signal.objects.values_list("state", flat=True)) == set(SignalState.values)
    assert Signal.objects.filter(escalated_at__isnull=False).exists()
    sent = CheckIn.objects.filter(role=RespondentRole.CLIENT, submitted_at__isnull=False)
    assert set(sent.values_list("disclosure", flat=True)) == set(Disclosure.values)
    assert Answer.objects.filter(words__isnull=False).count() > 50
    assert Guardianship.objects.filter(client__display_name="Ben Haddad").count() == 2
    assert Guardianship.objects.filter(client__display_name="Kit Lindgren").count() == 1
    assert User.objects.filter(email__in=[role.email for role in ROLES]).count() == len(ROLES)
    assert Notice.objects.filter(sent_at=None, cancelled_at=None).count() < 60  # months of mail are not written at once


def test_a_folder_that_is_no_demo_is_never_touched(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for dangerous in (look_at, begin_anew):
        with pytest.raises(CommandError, match="not a demo"):
            dangerous(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_demo_that_was_never_finished_is_known(tmp_path: Path):
    folder = tmp_path / "demo"
    assert look_at(folder) is Found.NOTHING
    mark_begun(folder)
    assert look_at(folder) is Found.HALF_BUILT
    mark_ready(folder)
    assert look_at(folder) is Found.READY
    begin_anew(folder)
    assert not folder.exists()


def test_a_demo_of_another_version_is_known(tmp_path: Path):
    mark_begun(tmp_path)
    (tmp_path / "openrapport-demo.json").write_text('{"ready": true, "made_by": "0.0.1 abc"}')
    assert look_at(tmp_path) is Found.OF_ANOTHER_VERSION


def test_mail_of_an_earlier_start_leads_to_the_port_of_this_one(tmp_path: Path):
    letter = tmp_path / "20260302-120000.log"
    letter.write_bytes(
        b"Subject: x\n\nhttp://localhost:8000/c/abc/\nhttp://localhost:8000/help-now\nhttps://elsewhere.test:8000/\n"
    )
    assert readdress_old_mail(tmp_path, port=8123) == 1
    assert letter.read_bytes().count(b"http://localhost:8123/") == 2
    assert b"elsewhere.test:8000" in letter.read_bytes()
    assert readdress_old_mail(tmp_path, port=8123) == 0


@pytest.mark.django_db
def test_mail_of_the_demo_that_still_waits_leads_there_too():
    queue_mail(
        kind="check_in_ready",
        address="sam@example.test",
        language="en",
        payload={"link": "http://localhost:8000/c/abc/"},
        about=NOWHERE,
        once_key="waits",
        now=NOON,
    )
    readdress_waiting_mail(port=8123)
    assert json.loads(Notice.objects.get().payload) == {"link": "http://localhost:8123/c/abc/"}
