from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.transaction import TransactionManagementError

from openrapport.checkins.models import CheckIn
from openrapport.people.models import User
from openrapport.relationships.models import Relationship
from openrapport.shared.prepared import NotPreparable, Prepared, PreparedUpdate, forget_prepared
from openrapport.shared.reading_rows import NotReadable
from openrapport.shared.writing import Write, new_rows, write
from tests.cast import NOON, Cast

BY_KEY = Prepared(lambda pk: Relationship.objects.select_related("client", "therapist").filter(pk=pk), pk=UUID)


def test_a_prepared_query_gives_the_rows_of_the_query_it_was_made_from(cast: Cast, django_assert_num_queries):
    for one in (cast.sam_with_maya, cast.ben_with_maya):
        with django_assert_num_queries(1):
            found = BY_KEY.first(pk=one.pk)
            assert found.client.display_name == one.client.display_name
        as_ever = Relationship.objects.select_related("client", "therapist").get(pk=one.pk)
        for mine, theirs in ((found, as_ever), (found.client, as_ever.client), (found.therapist, as_ever.therapist)):
            assert {f.attname: getattr(mine, f.attname) for f in mine._meta.concrete_fields} == {
                f.attname: getattr(theirs, f.attname) for f in theirs._meta.concrete_fields
            }
        assert not found._state.adding
    assert BY_KEY.first(pk=uuid4()) is None


def test_what_was_read_can_be_changed_and_saved(cast: Cast):
    found = BY_KEY.first(pk=cast.sam_with_maya.pk)
    found.supervision_told_at = NOON
    found.save(update_fields=["supervision_told_at"])
    assert Relationship.objects.get(pk=found.pk).supervision_told_at == NOON
    found.refresh_from_db()
    assert found.therapist == cast.maya


def test_rows_are_tuples_where_the_query_asks_for_values(cast: Cast):
    asked = Prepared(
        lambda until: Relationship.objects.filter(began_at__lte=until).order_by("pk").values_list("pk", "began_at"),
        until=datetime,
    )
    assert asked.rows(until=NOON) == list(
        Relationship.objects.filter(began_at__lte=NOON).order_by("pk").values_list("pk", "began_at")
    )
    assert asked.rows(until=NOON - timedelta(days=9999)) == []


def test_a_query_whose_shape_follows_its_value_is_refused(db: None):
    def build(at: datetime):
        return User.objects.filter(created_at__lte=at) if at.year % 2 else User.objects.all()

    with pytest.raises(NotPreparable, match="other SQL"):
        Prepared(build, at=datetime).rows(at=NOON)


def test_a_value_made_from_another_has_to_be_named(db: None):
    def build(at: datetime):
        return User.objects.filter(created_at__lte=at - timedelta(days=1)).values_list("pk")

    with pytest.raises(NotPreparable, match="made from a value"):
        Prepared(build, at=datetime).rows(at=NOON)
    named = Prepared(build, at=datetime, made={"day_before": (datetime, lambda given: given["at"] - timedelta(days=1))})
    assert named.rows(at=NOON) == []


def test_two_values_of_one_kind_are_not_confused(cast: Cast):
    asked = Prepared(
        lambda name, language: User.objects.filter(~Q(language=language), display_name=name), name=str, language=str
    )
    name, language = cast.sam.display_name, cast.sam.language
    assert asked.rows(name=name, language="xx") == [cast.sam]
    assert asked.rows(name=name, language=language) == []


def test_nothing_is_asked_where_nothing_can_be_found(db: None, django_assert_num_queries):
    asked = Prepared(lambda pk: User.objects.filter(Q(pk__in=[]), pk=pk), pk=UUID)
    with django_assert_num_queries(0):
        assert asked.rows(pk=uuid4()) == []


def test_models_in_part_are_refused(db: None):
    with pytest.raises(NotReadable):
        Prepared(lambda pk: User.objects.only("email").filter(pk=pk), pk=UUID).rows(pk=uuid4())


def test_what_changed_underneath_shows_after_forgetting(cast: Cast):
    names = [cast.sam.display_name]
    asked = Prepared(lambda pk: User.objects.filter(pk=pk, display_name=names[0]), pk=UUID)
    assert asked.rows(pk=cast.sam.pk) == [cast.sam]
    names[0] = "Somebody else"
    assert asked.rows(pk=cast.sam.pk) == [cast.sam]
    forget_prepared()
    assert asked.rows(pk=cast.sam.pk) == []


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_an_error_where_the_database_has_locks():
    asked = Prepared(lambda pk: User.objects.select_for_update().filter(pk=pk), pk=UUID)
    with transaction.atomic():
        assert asked.rows(pk=uuid4()) == []
    if connection.features.has_select_for_update:
        with pytest.raises(TransactionManagementError):
            asked.rows(pk=uuid4())


def test_an_update_says_how_many_rows_it_changed_and_takes_empty_values(cast: Cast):
    change = PreparedUpdate(
        lambda pk, told: (Relationship.objects.filter(pk=pk), {"supervision_told_at": told}), pk=UUID, told=datetime
    )
    key = cast.sam_with_maya.pk
    for told in (NOON, None):
        assert change(pk=key, told=told) == 1
        assert Relationship.objects.get(pk=key).supervision_told_at == told
    assert change(pk=uuid4(), told=NOON) == 0


def test_rows_are_written_together_or_not_at_all(cast: Cast):
    names = tuple(field.attname for field in User._meta.concrete_fields)

    def one(email: str) -> Write:
        made = User(display_name="New", email=email, created_at=NOON)
        return new_rows(User, names, [[getattr(made, name) for name in names]])

    rename = PreparedUpdate(lambda pk, name: (User.objects.filter(pk=pk), {"display_name": name}), pk=UUID, name=str)
    write(one("a@example.test"), rename.as_part(pk=cast.sam.pk, name="Samuel"), one("b@example.test"))
    assert User.objects.filter(display_name="New").count() == 2
    assert User.objects.get(pk=cast.sam.pk).display_name == "Samuel"
    with pytest.raises(IntegrityError), transaction.atomic():
        write(rename.as_part(pk=cast.sam.pk, name="Nobody"), one("a@example.test"))
    assert User.objects.get(pk=cast.sam.pk).display_name == "Samuel"


def test_writing_nothing_asks_nobody(db: None, django_assert_num_queries):
    with django_assert_num_queries(0):
        write(new_rows(CheckIn, ("id",), []))
