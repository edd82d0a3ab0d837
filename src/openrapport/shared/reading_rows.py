"""From a row as the driver gives it to models, with everything looked up beforehand that is the same for all rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init
from django.db.models.sql.compiler import SQLCompiler

Read = Callable[[Sequence[Any]], Any]


class NotReadable(Exception):
    """Rows of this query hold more, or less, than whole models."""


def converting(compiler: SQLCompiler) -> Callable[[Sequence[Any]], list[Any]]:
    """From what the driver gives to what fields hold. The converters of one connection serve all of its kind."""
    columns = [column for column, *_ in compiler.select]
    connection = compiler.connection
    quicker: list[tuple[Any, Callable[..., Any]]] = []
    if connection.vendor == "sqlite":
        quicker = [(connection.ops.convert_uuidfield_value, _read_key)]  # type: ignore[attr-defined]
        if connection.timezone is UTC:
            quicker.append((connection.ops.convert_datetimefield_value, _read_moment))  # type: ignore[attr-defined]
    converters = [
        (at, [next((quick for slow, quick in quicker if step == slow), step) for step in steps], column)
        for at, (steps, column) in compiler.get_converters(columns).items()
    ]

    def convert(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for at, steps, column in converters:
            for step in steps:
                values[at] = step(values[at], column, connection)
        return values

    return convert


def _read_key(value: str | None, _column: object, _connection: object) -> UUID | None:
    return None if value is None else _key(value)


def _read_moment(value: str | datetime | None, _column: object, _connection: object) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def _key(text: str) -> UUID:
    """The same few keys stand in many rows."""
    return UUID(text)


@dataclass(frozen=True)
class _Made:
    """How one model is made of a row, and what stands beside it by `select_related`."""

    model: type[Model]
    names: tuple[str, ...]
    begin: int
    end: int
    key: int
    set_on_parent: Callable[[Model, Model | None], None] | None
    set_on_made: Callable[[Model, Model], None] | None
    beside: "tuple[_Made, ...]"

    def make(self, values: Sequence[Any]) -> Any:
        """As `from_db` does. Nobody listens to models being made, which `_plan` made sure of."""
        made = self.model.__new__(self.model)
        made._state = state = ModelState()
        state.db, state.adding = DEFAULT_DB_ALIAS, False
        made.__dict__.update(zip(self.names, values[self.begin : self.end], strict=True))
        for other in self.beside:
            related = None if values[other.key] is None else other.make(values)
            assert other.set_on_parent is not None
            other.set_on_parent(made, related)
            if related is not None and other.set_on_made is not None:
                other.set_on_made(related, made)
        return made


def _plan(info: Mapping[str, Any], select: Sequence[Any]) -> _Made:
    model: type[Model] = info["model"]
    columns = info["select_fields"]
    begin, end = columns[0], columns[-1] + 1
    names = tuple(column.target.attname for column, *_ in select[begin:end])
    every = tuple(field.attname for field in model._meta.concrete_fields)
    plain = model.__init__ is Model.__init__ and model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]
    heard = pre_init.has_listeners(model) or post_init.has_listeners(model)
    if names != every or info.get("from_parent") or heard or not plain:
        raise NotReadable(f"{model.__name__} is not read as a whole, or more happens when it is made")
    return _Made(
        model,
        names,
        begin,
        end,
        begin + names.index(model._meta.pk.attname),
        info.get("local_setter"),
        info.get("remote_setter"),
        tuple(_plan(one, select) for one in info.get("related_klass_infos", ())),
    )


def building_models(compiler: SQLCompiler, convert: Callable[[Sequence[Any]], list[Any]]) -> Read:
    info = compiler.klass_info
    assert info is not None
    plan = _plan(info, compiler.select)
    if compiler.annotation_col_map:
        raise NotReadable("what is annotated is read as tuples")
    return lambda row: plan.make(convert(row))
