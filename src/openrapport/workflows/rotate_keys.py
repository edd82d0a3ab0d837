"""Everything that is encrypted is written again under the newest key, while people go on working.

In small batches, each a transaction of its own. What is under the newest key already is passed by, so a run that was
broken off is simply begun again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import OperationalError, models, transaction
from django.db.models import F, Model, TextField, Value
from django.db.models.functions import Cast

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.practices.models import Practice
from openrapport.shared.append_only import updates_allowed
from openrapport.shared.encrypted import EncryptedTextField, UnreadableText, under_newest_key

BATCH = 200
TRIES, PAUSE = 60, 0.5  # a table in use is tried again for half a minute
Say = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Turned:
    """`seen` texts were looked at, `rewritten` under the newest key; `unreadable` open with none of the keys.

    `late`: a second look found so many under an older key again. Something still writes with it.
    """

    seen: int = 0
    rewritten: int = 0
    unreadable: int = 0
    late: int = 0

    def __add__(self, other: "Turned") -> "Turned":
        return Turned(self.seen + other.seen, self.rewritten + other.rewritten, self.unreadable + other.unreadable)


def _say_nothing(_what: str, _seen: int, _of: int) -> None:
    pass


def rotate_keys(*, actor: Actor, now: datetime, say: Say = _say_nothing) -> Turned:
    """`say` hears after each batch what was turned, how many so far, and of how many."""
    turned = _turn_everything(say)
    turned = replace(turned, late=_turn_everything(_say_nothing).rewritten)
    _record(turned, actor=actor, now=now)
    return turned


def _turn_everything(say: Say) -> Turned:
    turned = Turned()
    for model, field in encrypted_fields():
        turned += _turn_all(model, field, f"{model._meta.label}.{field}", _turn_token, say)
    return turned + _turn_all(Authenticator, "data", "mfa.Authenticator.data", _turn_tokens_inside, say)


def encrypted_fields() -> list[tuple[type[Model], str]]:
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


@transaction.atomic
def _record(turned: Turned, *, actor: Actor, now: datetime) -> None:
    for practice in Practice.objects.order_by("pk"):
        record(actor=actor, deed="rotate_keys", about=practice.pk, at=now, obj=practice, facts=vars(turned))


def _turn_all(model: type[Model], field: str, what: str, turn: Callable[[Any], tuple[Any, Turned]], say: Say) -> Turned:
    of = model._default_manager.exclude(**{f"{field}__isnull": True}).count()
    turned, rows = Turned(), 0
    for count, part in _batches(model, field, turn):
        turned, rows = turned + part, rows + count
        say(what, rows, max(rows, of))
    return turned


def _batches(model: type[Model], field: str, turn: Callable[[Any], tuple[Any, Turned]]) -> Iterator[tuple[int, Turned]]:
    after = None
    while True:
        found = _patiently(lambda: _one_batch(model, field, turn, after))  # noqa: B023 - called before it changes
        if found is None:
            return
        after, count, turned = found
        yield count, turned


def _patiently(deed: Callable[[], Any]) -> Any:
    """A table that others write to is left to them for a moment."""
    for left in reversed(range(TRIES)):
        try:
            return deed()
        except OperationalError:
            if not left or transaction.get_connection().in_atomic_block:
                raise
            time.sleep(PAUSE)
    raise AssertionError


@transaction.atomic
def _one_batch(
    model: type[Model], field: str, turn: Callable[[Any], tuple[Any, Turned]], after: Any
) -> tuple[Any, int, Turned] | None:
    rows = model._default_manager.exclude(**{f"{field}__isnull": True}).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    # Nobody changes a row between reading and writing it; new rows, and rows that point here, go on meanwhile.
    held = rows.select_for_update(of=("self",), no_key=True)
    batch = list(held.annotate(stored=_as_stored(model, field)).values_list("pk", "stored")[:BATCH])
    if not batch:
        return None
    turned, changed = Turned(), []
    for pk, value in batch:
        newer, part = turn(value)
        turned += part
        if newer is not None:
            changed.append((pk, newer))
    if changed:
        with updates_allowed(model):
            for pk, newer in changed:
                model._default_manager.filter(pk=pk).update(**{field: _as_it_is(model, field, newer)})
    return batch[-1][0], len(batch), turned


def _as_stored(model: type[Model], field: str) -> Any:
    if isinstance(model._meta.get_field(field), models.JSONField):
        return F(field)
    return Cast(F(field), TextField())


def _as_it_is(model: type[Model], field: str, value: Any) -> Any:
    """Past the field's own encryption: it is a token already."""
    if isinstance(model._meta.get_field(field), models.JSONField):
        return value
    return Value(value, output_field=TextField())


def _turn_token(token: str) -> tuple[str | None, Turned]:
    try:
        newer = under_newest_key(token)
    except UnreadableText:
        return None, Turned(seen=1, unreadable=1)
    return newer, Turned(seen=1, rewritten=int(newer is not None))


def _turn_tokens_inside(data: Any) -> tuple[Any, Turned]:
    """Secrets of app codes and recovery codes: tokens among the values of a JSON object, at any depth."""
    if isinstance(data, str):
        return _turn_token(data) if data.startswith("gAAAA") else (None, Turned())
    if isinstance(data, dict):
        parts = {key: _turn_tokens_inside(value) for key, value in data.items()}
        turned = sum((part for _, part in parts.values()), Turned())
        newer = {key: data[key] if new is None else new for key, (new, _) in parts.items()}
        return (newer if newer != data else None), turned
    if isinstance(data, list):
        pairs = [_turn_tokens_inside(value) for value in data]
        turned = sum((part for _, part in pairs), Turned())
        renewed = [old if new is None else new for old, (new, _) in zip(data, pairs, strict=True)]
        return (renewed if renewed != data else None), turned
    return None, Turned()
