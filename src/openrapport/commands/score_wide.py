"""Answers by item out of a long table (a row for each check-in) or a wide one (a client's sessions side by side)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openrapport.commands import CommandError
from openrapport.commands.table_parts import Cell, Floats
from openrapport.commands.tables import DASH, column_names, read_columns

SESSION = "session"


@dataclass(frozen=True, slots=True)
class Answers:
    """`by_item` (check-ins,) with NaN for what was skipped; `beside` is repeated beside the scores.

    `where(place, code)` names the cell of the file, for messages.
    """

    file: str
    by_item: Mapping[str, Floats]
    beside: Mapping[str, Sequence[Cell]]
    where: Callable[[int, str], str]


def read_long(file: str, columns: Mapping[str, str], keep: Sequence[str]) -> Answers:
    """`columns` by item code. Raises `CommandError`."""
    _refuse_both(file, columns.values(), keep)
    wanted: dict[str, Any] = {**dict.fromkeys(keep, "text"), **dict.fromkeys(columns.values(), "number")}
    table = read_columns(file, wanted, may_be_empty=list(wanted))
    return Answers(
        file=table.file,
        by_item={code: table[column] for code, column in columns.items()},
        beside={name: table[name].tolist() for name in keep},
        where=lambda place, code: table.where(place, columns[code]),
    )


def read_wide(file: str, columns: Mapping[str, str], keep: Sequence[str], pattern: str) -> Answers:
    """`pattern` holds {item} and {session}. Check-ins nobody answered are left out. Raises `CommandError`."""
    if file == DASH:
        raise CommandError("--wide needs to read the header first, so the table has to be a file")
    if SESSION in keep:
        raise CommandError(f"{file}: --keep {SESSION}: with --wide the session comes out of the columns' names")
    found = _sessions(file, columns, pattern)
    names = [name for by_code in found.values() for name in by_code.values()]
    _refuse_both(file, names, keep)
    wanted: dict[str, Any] = {**dict.fromkeys(keep, "text"), **dict.fromkeys(names, "number")}
    table = read_columns(file, wanted, may_be_empty=list(wanted))
    rows, empty = len(table.rows), np.full(len(table.rows), np.nan)
    # One block for each session; then by row, so that a client's check-ins stand together.
    order = np.arange(rows * len(found)).reshape(len(found), rows).T.ravel()
    by_item = {
        code: np.concatenate([table[here[code]] if code in here else empty for here in found.values()])[order]
        for code in columns
    }
    answered = ~np.all([np.isnan(column) for column in by_item.values()], axis=0)
    if not answered.any():
        raise CommandError(f"{table.file}: nobody answered anything in the columns {pattern}")
    kept = order[answered]
    sessions = list(found)
    beside = {name: [table[name][place % rows] for place in kept] for name in keep}

    def where(place: int, code: str) -> str:
        session, row = divmod(int(kept[place]), rows)
        return table.where(row, found[sessions[session]][code])

    return Answers(
        file=table.file,
        by_item={code: column[answered] for code, column in by_item.items()},
        beside={**beside, SESSION: [sessions[place // rows] for place in kept]},
        where=where,
    )


def _sessions(file: str, columns: Mapping[str, str], pattern: str) -> dict[str, dict[str, str]]:
    """Session -> item code -> column, sessions in the order of their numbers."""
    if pattern.count("{item}") != 1 or pattern.count("{session}") != 1:
        raise CommandError('--wide takes a pattern with {item} and {session} in it, such as "{item}_{session}"')
    code_of = {column: code for code, column in columns.items()}
    whole = re.escape(pattern).replace(r"\{item\}", f"(?P<item>{'|'.join(map(re.escape, code_of))})")
    wanted = re.compile(whole.replace(r"\{session\}", r"(?P<session>\d+)"))
    found: dict[str, dict[str, str]] = {}
    for name in column_names(file):
        if match := wanted.fullmatch(name):
            found.setdefault(match["session"], {})[code_of[match["item"]]] = name
    if not found:
        example = pattern.replace("{item}", next(iter(code_of))).replace("{session}", "1")
        raise CommandError(f"{file}: row 1: no column is named like {pattern}, such as {example}")
    return {session: found[session] for session in sorted(found, key=int)}


def _refuse_both(file: str, answers: Any, keep: Sequence[str]) -> None:
    both = [name for name in keep if name in set(answers)]
    if both:
        raise CommandError(f"{file}: --keep {both[0]}: holds answers to an item")
