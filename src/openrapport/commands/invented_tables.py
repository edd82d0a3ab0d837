"""Invented tables to try the analysis commands on, the same for the same seed. Nobody in them exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from openrapport.commands.table_parts import Cell

Rng: TypeAlias = np.random.Generator
Rows: TypeAlias = "list[tuple[Cell, ...]]"

_ITEMS = ("trust", "empathy", "genuineness", "respect", "active_listening", "confidentiality", "shared_goals")
# Of the questions, one in this many is skipped.
_SKIPPED = 25
_WIDE_SESSIONS = 4


@dataclass(frozen=True, slots=True)
class InventedTable:
    """`make(clients, rng)` gives the rows; `types` are SQL types, `clients` how many there are unless asked for."""

    says: str
    header: tuple[str, ...]
    types: tuple[str, ...]
    clients: int
    make: Callable[[int, Rng], Rows]


def _courses(clients: int, rng: Rng) -> Rows:
    """Distress that falls with the logarithm of the session, faster for those who start high."""
    rows: Rows = []
    for client in _names(clients):
        level, slope = rng.normal(0, 3), rng.normal(0, 4)
        intake = float(np.clip(np.round(rng.normal(24, 5), 1), 0, 40))
        for session in range(1, int(rng.integers(4, 13))):
            fall = (2.0 + 0.15 * (intake - 24) + slope) * np.log(session)
            score = 0.9 * intake + 1 + level - fall + rng.normal(0, 2.5)
            rows.append((client, session, _held(score, 0, 40), intake))
    return rows


def _answers(clients: int, rng: Rng) -> Rows:
    return [
        (client, session, *_one_check_in(level, rng))
        for client in _names(clients)
        for level in [rng.normal(7.5, 1)]
        for session in range(1, int(rng.integers(4, 8)))
    ]


def _answers_wide(clients: int, rng: Rng) -> Rows:
    rows: Rows = []
    for client in _names(clients):
        level, came = rng.normal(7.5, 1), int(rng.integers(1, _WIDE_SESSIONS + 1))
        sessions = [_one_check_in(level, rng) if n < came else (None,) * len(_ITEMS) for n in range(_WIDE_SESSIONS)]
        rows.append((client, *(answer for answers in sessions for answer in answers)))
    return rows


def _one_check_in(level: float, rng: Rng) -> tuple[Cell, ...]:
    session = level + rng.normal(0, 0.7)
    answers = np.clip(np.round(session + rng.normal(0, 0.8, len(_ITEMS))), 0, 10).astype(int)
    skipped = rng.integers(0, _SKIPPED, len(_ITEMS)) == 0
    return tuple(None if gone else int(answer) for answer, gone in zip(answers, skipped, strict=True))


def _ends(clients: int, rng: Rng) -> Rows:
    rows: Rows = []
    for client in _names(clients):
        intake = rng.normal(24, 6)
        end = intake - rng.normal(7, 7)
        left = rng.integers(0, 12) == 0
        rows.append((client, _held(intake, 0, 40), None if left else _held(end, 0, 40)))
    return rows


def _views(clients: int, rng: Rng) -> Rows:
    """Pairs in which therapists rate lower than clients and follow half of their ups and downs."""
    rows: Rows = []
    for number, client in enumerate(_names(clients), start=1):
        usual, bias, well = rng.normal(7.5, 0.8), rng.normal(-0.6, 0.5), rng.normal(6, 1)
        for session in range(1, int(rng.integers(6, 11))):
            moved = rng.normal(0, 0.9)
            therapist = usual + bias + 0.5 * moved + rng.normal(0, 0.6)
            wellbeing = well + 0.4 * moved + 0.1 * session + rng.normal(0, 0.7)
            views = (_held(usual + moved, 0, 10), _held(therapist, 0, 10), _held(wellbeing, 0, 10))
            rows.append((f"r{number:02d}", client, session, *views))
    return rows


def _caseloads(clients: int, rng: Rng) -> Rows:
    therapists = max(2, clients // 10)
    effects = rng.normal(0, 2.5, therapists)
    rows: Rows = []
    for client in _names(clients):
        who, intake = int(rng.integers(0, therapists)), rng.normal(24, 5)
        outcome = 4 + 0.5 * intake + effects[who] + rng.normal(0, 5)
        rows.append((client, f"t{who + 1:02d}", _held(intake, 0, 40), _held(outcome, 0, 40)))
    return rows


def _attended(clients: int, rng: Rng) -> Rows:
    """Low alliance goes with leaving; who has not left after 12 sessions has finished."""
    rows: Rows = []
    for client in _names(clients):
        usual = rng.normal(7.5, 1)
        for session in range(1, 13):
            alliance = _held(usual + rng.normal(0, 0.7), 0, 10)
            risk = 1 / (1 + np.exp(2.6 + 0.3 * np.log(session) + 0.8 * (alliance - 7.5)))
            left = int(rng.random() < risk)
            rows.append((client, session, alliance, left))
            if left:
                break
    return rows


def _studies(studies: int, rng: Rng) -> Rows:
    rows: Rows = []
    for number in range(1, studies + 1):
        study = 0.29 + rng.normal(0, 0.12)
        for _ in range(int(rng.integers(1, 4))):
            people = int(rng.integers(25, 200))
            z = study + rng.normal(0, 0.06) + rng.normal(0, 1) / np.sqrt(people - 3)
            rows.append((f"study {number:02d}", round(float(np.tanh(z)), 2), people))
    return rows


def _goals(clients: int, rng: Rng) -> Rows:
    wishes = ("sleep", "work", "friends", "family", "worry")
    rows: Rows = []
    for client in _names(clients):
        for goal in rng.permutation(wishes)[: int(rng.integers(2, 5))]:
            level = int(np.clip(np.round(rng.normal(0.4, 1.1)), -2, 2))
            rows.append((client, str(goal), int(rng.integers(1, 4)), level))
    return rows


def _names(clients: int) -> list[str]:
    return [f"c{number:02d}" for number in range(1, clients + 1)]


def _held(value: float, low: float, high: float) -> float:
    """To one place, within the ends of the scale."""
    return float(np.round(np.clip(value, low, high), 1))


_WIDE = tuple(f"{item}_{session}" for session in range(1, _WIDE_SESSIONS + 1) for item in _ITEMS)
_TEXT, _WHOLE, _NUMBER = "VARCHAR", "INTEGER", "DOUBLE"
TABLES: Mapping[str, InventedTable] = {
    "courses": InventedTable(
        "distress by session and intake, for `expected`",
        ("client", "session", "distress", "intake"),
        (_TEXT, _WHOLE, _NUMBER, _NUMBER),
        120,
        _courses,
    ),
    "answers": InventedTable(
        "answers to alliance-adult, for `score` and `reliability`",
        ("client", "session", *_ITEMS),
        (_TEXT, *(_WHOLE,) * (len(_ITEMS) + 1)),
        30,
        _answers,
    ),
    "answers-wide": InventedTable(
        "the same with sessions side by side, for `score --wide`",
        ("client", *_WIDE),
        (_TEXT, *(_WHOLE,) * len(_WIDE)),
        12,
        _answers_wide,
    ),
    "ends": InventedTable(
        "first and last scores, for `change`",
        ("client", "intake", "end"),
        (_TEXT, _NUMBER, _NUMBER),
        48,
        _ends,
    ),
    "views": InventedTable(
        "two views of the alliance and wellbeing, for `congruence` and `within-between`",
        ("relationship", "client", "session", "client_view", "therapist_view", "wellbeing"),
        (_TEXT, _TEXT, _WHOLE, _NUMBER, _NUMBER, _NUMBER),
        40,
        _views,
    ),
    "caseloads": InventedTable(
        "clients' outcomes by therapist, for `therapists`",
        ("client", "therapist", "intake", "outcome"),
        (_TEXT, _TEXT, _NUMBER, _NUMBER),
        160,
        _caseloads,
    ),
    "attended": InventedTable(
        "sessions until somebody left, for `dropout`",
        ("client", "session", "alliance", "left"),
        (_TEXT, _WHOLE, _NUMBER, _WHOLE),
        120,
        _attended,
    ),
    "studies": InventedTable(
        "correlations of studies, for `meta`",
        ("study", "correlation", "participants"),
        (_TEXT, _NUMBER, _WHOLE),
        20,
        _studies,
    ),
    "goals": InventedTable(
        "levels reached in goals, for `goals`",
        ("client", "goal", "importance", "level"),
        (_TEXT, _TEXT, _WHOLE, _WHOLE),
        15,
        _goals,
    ),
}
