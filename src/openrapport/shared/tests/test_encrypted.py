import pytest
from cryptography.fernet import Fernet
from django.db import connection

from openrapport.relationships.models import StateChange
from openrapport.shared.append_only import check_guards, missing_guards
from openrapport.shared.encrypted import UnreadableText
from tests.cast import NOON, Cast

CANARY = "canary-plain-words"


def stored(change: StateChange) -> str:
    pk = change.pk if connection.vendor == "postgresql" else change.pk.hex
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM relationships_statechange WHERE id = %s", [pk])
        return str(cursor.fetchone()[0])


@pytest.fixture
def change(cast: Cast) -> StateChange:
    return StateChange.objects.create(
        relationship=cast.sam_with_maya, to_state="paused", at=NOON, actor="job:test", reason=CANARY
    )


def test_words_are_unreadable_in_the_database_and_readable_through_the_field(change: StateChange):
    raw = stored(change)
    assert CANARY not in raw
    assert StateChange.objects.get(pk=change.pk).reason == CANARY


def test_a_rotated_key_still_opens_what_an_older_key_wrote(change: StateChange, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert StateChange.objects.get(pk=change.pk).reason == CANARY


def test_a_lost_key_is_an_error_and_never_an_empty_text(change: StateChange, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(UnreadableText, match=r"StateChange\.reason"):
        StateChange.objects.get(pk=change.pk)


def test_encrypted_text_cannot_be_searched(db: None):
    with pytest.raises(TypeError, match="cannot be searched"):
        StateChange.objects.filter(reason=CANARY)


def test_every_guard_stands_after_migrating_and_a_missing_one_is_an_error(db: None):
    assert missing_guards() == []
    with connection.cursor() as cursor:
        on = ' ON "checkins_answer"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "checkins_answer_is_append_only_update"{on}')
    assert missing_guards() == ["checkins_answer_is_append_only_update"]
    assert [error.id for error in check_guards(app_configs=None, databases=["default"])] == ["or.E001"]
