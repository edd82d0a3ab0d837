"""What lies in the database: no readable words, nothing appended is changed, and every tampering is found."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import Error, connection, models, transaction

from openrapport.shared import append_only
from openrapport.shared.encrypted import EncryptedTextField
from tests.access.deeds import DEEDS, set_stage
from tests.access.extras import add_extras
from tests.access.world import World
from tests.cast import Cast

OUR_MODELS = [model for model in apps.get_models() if model.__module__.startswith("openrapport.")]
ENCRYPTED = [
    (model, field) for model in OUR_MODELS for field in model._meta.fields if isinstance(field, EncryptedTextField)
]


def every_text() -> Iterator[tuple[str, str]]:
    """Every value in every table, ours and those of the packages, as the database keeps it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for column, value in zip(cursor.description or (), row, strict=True):
                    yield f"{table}.{column[0]}", repr(value)


def test_free_text_has_no_other_place_than_an_encrypted_field():
    """A new text field without a limit is either encrypted or named here with the reason."""
    plain = {
        f"{model._meta.label}.{field.name}"
        for model in OUR_MODELS
        for field in model._meta.fields
        if isinstance(field, models.TextField) and not isinstance(field, EncryptedTextField)
    }
    assert plain == set()
    assert {f"{model._meta.label}.{field.name}" for model, field in ENCRYPTED} == {
        "relationships.StateChange.reason",
        "checkins.Answer.words",
        "checkins.Drawing.image",
        "signals.SignalEvent.reason",
        "notices.Notice.payload",
    }


def test_a_dump_holds_no_words(world: World):
    add_extras(world)
    values = list(every_text())
    assert len(values) > 5000
    words = {word for thing in world.things for word in thing.canaries}
    assert len(words) > 200
    assert [place for place, value in values if any(word in value for word in words)] == []
    tokens = [
        value
        for place, value in values
        if place in ("checkins_answer.words", "checkins_drawing.image", "signals_signalevent.reason")
    ]
    assert sum("gAAAA" in value for value in tokens) > 200


def test_a_dump_holds_no_secret_of_a_link(cast: Cast):
    """Links are in the queued mail, encrypted; of an invitation or a pass only a fingerprint is kept."""
    stage = set_stage(cast)
    code = DEEDS["workflows.hand_over_device.hand_over_device"](stage)
    values = "\n".join(value for _, value in every_text())
    assert stage.invited.token not in values
    assert code.secret not in values  # type: ignore[attr-defined]
    assert "/c/" not in values


@pytest.mark.parametrize("model", append_only._guarded, ids=lambda model: model.__name__)
def test_the_database_itself_refuses_to_change_or_delete_what_is_appended(world: World, model: type[models.Model]):
    row = model._default_manager.first()
    assert row is not None
    table, key = model._meta.db_table, connection.ops.quote_name("id")
    pk = row.pk.hex if connection.vendor == "sqlite" else str(row.pk)
    for deed in (f'UPDATE "{table}" SET {key} = {key}', f'DELETE FROM "{table}"'):
        with pytest.raises(Error, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{deed} WHERE {key} = %s", [pk])
    assert model._default_manager.filter(pk=row.pk).exists()


def test_what_is_appended_is_what_we_think():
    assert {model.__name__ for model in append_only._guarded} == {
        "AuditLine",
        "PracticeRules",
        "StateChange",
        "Answer",
        "Drawing",
        "Score",
        "SignalEvent",
    }
