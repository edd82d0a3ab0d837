"""A table of session scores: client, session, score; and what to do when a client has a session twice."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openrapport.commands import CommandError
from openrapport.commands.table_parts import Floats, TableError
from openrapport.commands.tables import DASH, read_columns, refuse_output

SAME_SESSION = ("refuse", "in-order", "mean")


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    client: str
    session: str
    score: str

    def names(self) -> tuple[str, str, str]:
        return self.client, self.session, self.score


@dataclass(frozen=True, slots=True)
class ScoreRows:
    """The three columns, row by row. `rows` are the row numbers of the file, for messages."""

    file: str
    columns: ScoreColumns
    clients: list[str]
    sessions: Floats
    scores: Floats
    rows: list[int]


def add_score_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a .csv or .parquet table, one row a session; - for CSV on standard input",
    )
    parser.add_argument("--client", metavar="COLUMN", help="the column that names the client")
    parser.add_argument(
        "--session", metavar="COLUMN", help="the column that orders a client's sessions (number or day)"
    )
    parser.add_argument("--score", metavar="COLUMN", help="the column with the score")
    parser.add_argument(
        "--same-session",
        choices=SAME_SESSION,
        default="refuse",
        help="when a client has a session twice: refuse the file (default), keep both in-order, or take their mean",
    )


def read_asked_scores(args: argparse.Namespace, word: str) -> ScoreRows:
    """The table and columns that were typed. Raises `CommandError` when one was not."""
    missing = [f"--{name}" for name in ("client", "session", "score") if getattr(args, name) is None]
    if args.file is None:
        raise CommandError(f"Which table? ./openrapport {word} FILE --client ID --session N --score S")
    if missing:
        raise CommandError(f"{args.file}: which columns? {' '.join(missing)} missing")
    if args.out == DASH and args.json:
        raise CommandError("--json and --out - both want standard output; name a file with --out")
    refuse_output(args.out, args.file)
    return read_scores(args.file, ScoreColumns(args.client, args.session, args.score), same_session=args.same_session)


def read_scores(source: Path | str, columns: ScoreColumns, *, same_session: str = "refuse") -> ScoreRows:
    """Read a table: .parquet, CSV, or "-" for CSV from standard input. Raises `TableError`.

    `same_session` says what to do when a client has a session twice: one of `SAME_SESSION`.
    """
    if len(set(columns.names())) < 3:
        raise TableError(f"{source}: client, session and score must be three different columns")
    found = read_columns(source, {columns.client: "text", columns.session: "number", columns.score: "number"})
    table = ScoreRows(
        file=found.file,
        columns=columns,
        clients=found[columns.client].tolist(),
        sessions=found[columns.session],
        scores=found[columns.score],
        rows=found.rows.tolist(),
    )
    return with_same_sessions(table, same_session)


def with_same_sessions(table: ScoreRows, same_session: str) -> ScoreRows:
    """The rows, with what `same_session` says done where a client has a session twice. Raises `TableError`."""
    if same_session == "in-order":
        return table  # sorting by session is stable: rows of one session stay in the order of the file
    kept: dict[tuple[str, float], list[int]] = {}
    for place, key in enumerate(zip(table.clients, table.sessions.tolist(), strict=True)):
        places = kept.setdefault(key, [])
        places.append(place)
        if len(places) > 1 and same_session == "refuse":
            where = f"{table.file}: row {table.rows[place]}, column {table.columns.session}"
            before = table.rows[places[0]]
            raise TableError(
                f"{where}: client {key[0][:40]!r} has session {key[1]:g} already in row {before} (see --same-session)"
            )
    if len(kept) == len(table.rows):
        return table
    first = [places[0] for places in kept.values()]
    return ScoreRows(
        file=table.file,
        columns=table.columns,
        clients=[table.clients[place] for place in first],
        sessions=table.sessions[first],
        scores=np.array([table.scores[places].mean() for places in kept.values()]),
        rows=[table.rows[place] for place in first],
    )
