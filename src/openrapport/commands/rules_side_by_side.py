"""All rules on one table of scores: which sessions each flags, in words, as JSON and as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from openrapport.analysis.ceiling import Ceiling, ceiling
from openrapport.analysis.rules import Flags, Rule
from openrapport.analysis.scan import Courses, flags
from openrapport.commands.populations import Setting
from openrapport.commands.rupture_report import finite, plain
from openrapport.commands.showing import wrapped
from openrapport.commands.table_parts import Cell

_BEGINS, _STILL, _NOT = "v", "-", "."


@dataclass(frozen=True, slots=True)
class RuleFlags:
    """What one rule flags, score by score of the table: where a rupture begins, and where one is open."""

    word: str
    rule: Rule
    begins: Flags
    is_open: Flags


@dataclass(frozen=True, slots=True)
class SideBySide:
    """`not_run` are the rules that lack a number, with the options that would give it."""

    file: str
    courses: Courses
    setting: Setting
    ceiling: Ceiling
    flagged: tuple[RuleFlags, ...]
    not_run: Mapping[str, str]


def side_by_side(
    file: str, courses: Courses, setting: Setting, rules: Mapping[str, Rule], not_run: Mapping[str, str]
) -> SideBySide:
    flagged = tuple(
        RuleFlags(word, rule, *flags(courses, rule, direction=setting.direction)) for word, rule in rules.items()
    )
    return SideBySide(file, courses, setting, ceiling(courses, best=setting.best), flagged, not_run)


def as_text(found: SideBySide) -> str:
    people = found.setting.population
    better = "higher" if found.setting.direction == "higher_is_better" else "lower"
    clients = len(found.courses.clients)
    counted = f"{len(found.courses.scores):,} sessions of {clients:,} {'client' if clients == 1 else 'clients'}"
    spread = f"SD between clients {people.between_sd:.2f}, SD within clients {people.within_sd:.2f}"
    lines = [
        f"{found.file}: {counted}; {better} is better",
        wrapped(f"Population: mean {people.mean:.2f}, {spread}; {found.setting.source}", indent=12),
        "",
        *(_each_session(found) if clients == 1 else _each_rule(found)),
    ]
    if found.not_run:
        lines += ["", "Not run, because a clinical choice has no default:"]
        lines += [f"  {word} needs {options}" for word, options in found.not_run.items()]
    return "\n".join(lines)


def _each_session(found: SideBySide) -> list[str]:
    """Sessions down, rules across, by number."""
    numbers = " ".join(f"{number:>3}" for number in range(1, len(found.flagged) + 1))
    lines = [f"  {number}  {one.word}" for number, one in enumerate(found.flagged, start=1)]
    lines += ["", f"{_BEGINS} a rupture begins   {_STILL} still in it   {_NOT} not flagged", ""]
    lines.append(f"{'session':>8} {'score':>8}  {numbers}")
    for place, (session, score) in enumerate(zip(found.courses.sessions, found.courses.scores, strict=True)):
        marks = " ".join(f"{_mark(one, place):>3}" for one in found.flagged)
        lines.append(f"{plain(session):>8} {plain(score):>8}  {marks}")
    return lines


def _mark(one: RuleFlags, place: int) -> str:
    return _BEGINS if one.begins[place] else _STILL if one.is_open[place] else _NOT


def _each_rule(found: SideBySide) -> list[str]:
    width = max(len(one.word) for one in found.flagged)
    lines = [f"{'rule':<{width}}  clients flagged  ruptures  sessions in one"]
    for one in found.flagged:
        lines.append(
            f"{one.word:<{width}}  {len(_flagged_clients(found.courses, one)):>15,}  {int(one.begins.sum()):>8,}  "
            f"{int(one.is_open.sum()):>15,}"
        )
    return lines


def _flagged_clients(courses: Courses, one: RuleFlags) -> list[int]:
    return [int(place) for place in np.flatnonzero(np.logical_or.reduceat(one.is_open, courses.first))]


def as_json(found: SideBySide) -> str:
    facts = {
        "file": found.file,
        "clients": len(found.courses.clients),
        "sessions": len(found.courses.scores),
        "direction": found.setting.direction,
        "population": {**finite(asdict(found.setting.population)), "source": found.setting.source},
        "share_at_best_end": found.ceiling.share_at_ceiling,
        "straight_lined": list(found.ceiling.straight_lined),
        "rules": [_rule(found.courses, one) for one in found.flagged],
        "not_run": [{"rule": word, "needs": options} for word, options in found.not_run.items()],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)


def _rule(courses: Courses, one: RuleFlags) -> dict[str, object]:
    ends = np.append(courses.first, len(courses.scores))
    flagged = []
    for person in _flagged_clients(courses, one):
        rows = slice(int(ends[person]), int(ends[person + 1]))
        sessions = courses.sessions[rows]
        flagged.append(
            {
                "client": courses.clients[person],
                "begins": [plain(session) for session in sessions[one.begins[rows]]],
                "sessions": [plain(session) for session in sessions[one.is_open[rows]]],
            }
        )
    return {
        "rule": one.word,
        "parameters": finite(dict(one.rule.parameters)),
        "flagged_clients": len(flagged),
        "ruptures": int(one.begins.sum()),
        "sessions_in_rupture": int(one.is_open.sum()),
        "flagged": flagged,
    }


def as_rows(found: SideBySide) -> tuple[list[str], list[str], list[list[Cell]]]:
    """Header, SQL types and rows: one for each session, with a column for each rule ("begins", "open" or empty)."""
    header = ["client", "session", "score", *(one.word.replace("-", "_") for one in found.flagged)]
    types = ["VARCHAR", "DOUBLE", "DOUBLE", *("VARCHAR" for _ in found.flagged)]
    owners = np.repeat(np.arange(len(found.courses.clients)), found.courses.lengths)
    rows: list[list[Cell]] = [
        [
            found.courses.clients[owner],
            plain(found.courses.sessions[place]),
            plain(found.courses.scores[place]),
            *("begins" if one.begins[place] else "open" if one.is_open[place] else None for one in found.flagged),
        ]
        for place, owner in enumerate(owners)
    ]
    return header, types, rows
