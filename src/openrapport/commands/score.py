"""`openrapport score`: answers to an instrument become its scores."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from openrapport.analysis.instrument import Item
from openrapport.analysis.scoring import ScoringError
from openrapport.analysis.scoring_many import REASONS, ManyScores, score_many
from openrapport.commands import CommandError
from openrapport.commands.asked import begin, instrument_named
from openrapport.commands.progress import progress
from openrapport.commands.results import refuse_outputs, report
from openrapport.commands.score_wide import Answers, read_long, read_wide
from openrapport.commands.showing import aligned, counted, facts, say
from openrapport.commands.table_parts import Cell

_SAYS = """\
Columns are the instrument's item codes, or renamed by --columns code=column. An empty cell is a question that was
skipped: scores are prorated only as far as the instrument allows, and risk items never. A wide table, with the
sessions side by side, is read by --wide "{item}_{session}": columns such as trust_1, trust_2.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, rows="one row for each check-in", writes="one row for each check-in")
    parser.add_argument(
        "--instrument", required=True, metavar="NAME", help="such as alliance-adult, alliance-adult@1, or a .toml file"
    )
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="CODE=COLUMN", help="where an item's column has another name"
    )
    parser.add_argument("--keep", nargs="+", default=[], metavar="COLUMN", help="columns to repeat beside the scores")
    parser.add_argument("--wide", metavar="PATTERN", help="how columns are named where sessions stand side by side")


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    instrument = instrument_named(args.instrument)
    items = [item for item in instrument.items if item.is_numeric]
    columns = _renamed(args.columns, [item.code for item in items])
    answers = (
        read_long(args.file, columns, args.keep)
        if args.wide is None
        else read_wide(args.file, columns, args.keep, args.wide)
    )
    _refuse_not_offered(answers, items)
    with progress("Scoring"):
        try:
            scores = score_many(answers.by_item, instrument)
        except ScoringError as problem:
            raise CommandError(f"{answers.file}: {problem}") from problem
    clash = [name for name in answers.beside if name in scores]
    if clash:
        raise CommandError(f"{answers.file}: --keep {clash[0]}: a score has that name")
    header, types, rows = _rows(answers, scores)
    summary = {code: _summary(each) for code, each in scores.items()}
    listed = [dict(zip(header, row, strict=True)) for row in rows]
    found = {"instrument": instrument.ref, "n_rows": len(rows), "scores": summary, "rows": listed}
    report(args, found, _as_text(instrument.ref, len(rows), summary), header, types, rows)
    return 0


def _renamed(given: Sequence[str], codes: Sequence[str]) -> dict[str, str]:
    """The column, or part of its name, of each item."""
    named = {code: code for code in codes}
    for each in given:
        code, sign, column = each.partition("=")
        if not sign or not column or code not in codes:
            raise CommandError(f"--columns takes CODE=COLUMN with a code out of {', '.join(codes)}; not {each!r}")
        named[code] = column
    for column in named.values():
        if list(named.values()).count(column) > 1:
            others = [other for other in codes if named[other] == column]
            raise CommandError(f"--columns: {' and '.join(others)} cannot both be in column {column!r}")
    return named


def _refuse_not_offered(answers: Answers, items: Sequence[Item]) -> None:
    """Refuse an answer no item offers, with the row and column of the file."""
    for item in items:
        column = answers.by_item.get(item.code)
        if column is None:
            continue
        wrong = np.flatnonzero(~np.isnan(column) & ~np.isin(column, item.values))
        if len(wrong):
            offered = f"{item.minimum} to {item.maximum} by {item.step}"
            where = answers.where(int(wrong[0]), item.code)
            raise CommandError(f"{where}: {column[wrong[0]]:g} is not one of {offered}")


def _rows(answers: Answers, scores: Mapping[str, ManyScores]) -> tuple[list[str], list[str], list[tuple[Cell, ...]]]:
    header, types = list(answers.beside), ["VARCHAR"] * len(answers.beside)
    columns: list[Sequence[Cell]] = list(answers.beside.values())
    for code, each in scores.items():
        header += [code, f"{code}_prorated", f"{code}_not_scorable"]
        types += ["DOUBLE", "BOOLEAN", "VARCHAR"]
        columns.append([None if np.isnan(value) else float(value) for value in each.value])
        columns.append(each.prorated.tolist())
        columns.append([REASONS[reason] for reason in each.reason])
    return header, types, list(zip(*columns, strict=True))


def _summary(scores: ManyScores) -> dict[str, Any]:
    value = scores.value[scores.reason == 0]
    why = Counter(str(REASONS[reason]) for reason in scores.reason[scores.reason != 0])
    return {
        "scored": len(value),
        "mean": float(value.mean()) if len(value) else None,
        "sd": float(value.std(ddof=1)) if len(value) > 1 else None,
        "prorated": int(scores.prorated.sum()),
        "ceiling": int(scores.ceiling.sum()),
        "straight_lined": int(scores.straight_lined.sum()),
        "not_scorable": dict(why),
    }


def _as_text(ref: str, rows: int, summary: Mapping[str, Mapping[str, Any]]) -> str:
    counts = ("prorated", "ceiling", "straight_lined")
    shown = [
        [
            code,
            f"{each['scored']:,}",
            say(each["mean"], 2),
            say(each["sd"], 2),
            *(f"{each[name]:,}" for name in counts),
            f"{sum(each['not_scorable'].values()):,}",
        ]
        for code, each in summary.items()
    ]
    header = ["Score", "Scored", "Mean", "SD", "Prorated", "At best end", "All alike", "Not scored"]
    reasons = [
        (f"Not scored: {code}", ", ".join(f"{count:,} {why.replace('_', ' ')}" for why, count in each.items()))
        for code, each in ((code, one["not_scorable"]) for code, one in summary.items())
        if each
    ]
    table = [f"{ref}: {counted(rows, 'check-in')}", aligned(header, shown)]
    return "\n\n".join([*table, facts(reasons)] if reasons else table)
