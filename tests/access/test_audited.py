"""No deed without its line in the audit log, in the same transaction; and no line that holds content."""

import re

import pytest
from django.apps import apps
from django.db import connection, transaction

from openrapport.audit import actions as audit_actions
from openrapport.audit.models import AuditLine
from openrapport.audit.queries import broken_chains
from tests.access.deeds import DEEDS, Stage, set_stage
from tests.access.writers import WITHOUT_A_LINE, public_functions
from tests.cast import Cast


class _LogIsBroken(Exception):
    pass


@pytest.fixture
def stage(cast: Cast) -> Stage:
    return set_stage(cast)


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of ours."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model.__module__.startswith("openrapport."):
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                found[model._meta.label] = sorted(cursor.fetchall(), key=repr)
    return found


def test_every_function_that_writes_is_in_the_list():
    known = {*DEEDS, *WITHOUT_A_LINE}
    there = public_functions()
    assert not there - known, (
        f"say in tests/access/deeds.py how these are called, or why they have no line: {there - known}"
    )
    assert not known - there, f"tests/access/deeds.py names functions that are gone: {known - there}"


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_leaves_a_line_without_content(stage: Stage, name: str):
    before = set(AuditLine.objects.values_list("pk", flat=True))
    DEEDS[name](stage)
    lines = AuditLine.objects.exclude(pk__in=before)
    assert lines.exists()
    for line in lines:
        held = re.findall(r"Sam|Ben|Nell|a word|weather|@example", f"{line.facts} {line.deed} {line.actor}")
        assert held == [], f"{line.deed}: {line.facts}"
    assert broken_chains() == []


@pytest.mark.parametrize("name", DEEDS)
def test_when_the_line_cannot_be_written_nothing_is(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object, **__: object) -> None:
        raise _LogIsBroken

    with transaction.atomic():
        prepared = _prepare_only(name)
        before = everything()
        monkeypatch.setattr(audit_actions, "_lock_chain", fails)
        monkeypatch.setattr(audit_actions.Chain.objects, "bulk_create", fails)
        with pytest.raises(_LogIsBroken):
            DEEDS[name](stage)
        monkeypatch.undo()
        after = everything()
    changed = {label for label, rows in after.items() if rows != before[label]}
    assert changed <= prepared


def _prepare_only(name: str) -> set[str]:
    """Tables that the way to call a deed writes to before the deed itself begins."""
    return {
        "reports.actions.refit_curves": {
            *("people.User", "relationships.Relationship", "therapy_sessions.TherapySession"),
            *("checkins.CheckIn", "checkins.Score"),
        },
        "signals.actions.reopen": {"signals.Signal"},
        "signals.actions.review_signals": {"checkins.CheckIn"},
        "signals.actions.review_all": {"checkins.CheckIn"},
        "workflows.open_by_code.open_by_code": {"checkins.CheckInPass"},
    }.get(name, set())
