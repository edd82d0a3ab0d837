from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor, NobodyActed
from openrapport.audit.models import AuditLine, Chain
from openrapport.audit.queries import broken_chains
from tests.cast import NOON

JOB = Actor.system("test-job")


def write_three(about):
    return [record(actor=JOB, deed=f"deed_{n}", about=about, at=NOON, facts={"n": n}) for n in range(3)]


def drop_guards() -> None:
    with connection.cursor() as cursor:
        for deed in ("update", "delete"):
            on = ' ON "audit_auditline"' if connection.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER "audit_auditline_is_append_only_{deed}"{on}')


def test_nobody_cannot_act():
    with pytest.raises(NobodyActed):
        Actor(user=None)


def test_lines_are_numbered_and_chained(db: None):
    first, second, _ = write_three(uuid4())
    assert (first.position, second.position) == (1, 2)
    assert second.previous_hash == first.hash
    assert broken_chains() == []


def test_the_database_refuses_to_change_a_line(db: None):
    line = write_three(uuid4())[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditLine.objects.filter(pk=line.pk).update(deed="nothing_happened")
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditLine.objects.filter(pk=line.pk).delete()


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_changed_line_is_found_even_when_the_guard_was_taken_down(db: None, position: int):
    about = uuid4()
    write_three(about)
    drop_guards()
    AuditLine.objects.filter(about=about, position=position).update(facts={"n": 99})
    assert broken_chains() == [f"chain {about} breaks at line {position}"]


def test_a_cut_tail_and_an_emptied_chain_are_found(db: None):
    about = uuid4()
    write_three(about)
    drop_guards()
    AuditLine.objects.filter(about=about, position=3).delete()
    assert broken_chains() == [f"chain {about} should have 3 lines and has 2"]
    Chain.objects.filter(about=about).delete()
    assert broken_chains() == [f"chain {about} has lines and no head"]
