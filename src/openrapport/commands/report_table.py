"""The table of the report: session scores with, where they were named, intake scores and unplanned ends."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.scan import Courses, courses_of
from openrapport.commands import CommandError
from openrapport.commands.asked import refuse_rows, refuse_same_column
from openrapport.commands.score_rows import ScoreColumns, ScoreRows, with_same_sessions
from openrapport.commands.tables import read_columns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """The rows of the table, sorted: client by client, session by session. `number` counts a client's sessions from 1.

    `intake` and `event` are None where no column was named.
    """

    rows: ScoreRows
    courses: Courses
    number: NDArray[np.int64]
    intake: Floats | None
    event: Floats | None

    @property
    def owners(self) -> list[str]:
        """The client of each sorted row."""
        return list(np.repeat(np.array(self.courses.clients, dtype=object), self.courses.lengths))


def read_report_table(args: argparse.Namespace) -> ReportTable:
    """One reading of everything the report needs. Raises `CommandError`."""
    names = {"--client": args.client, "--session": args.session, "--score": args.score}
    refuse_same_column(args.file, {**names, "--intake": args.intake, "--event": args.event})
    if args.event is not None and args.same_session == "mean":
        raise CommandError("--same-session mean does not go with --event: a mean of sessions has no end")
    extra = [name for name in (args.intake, args.event) if name is not None]
    wanted: dict[str, Any] = {args.client: "text", **dict.fromkeys([args.session, args.score, *extra], "number")}
    found = read_columns(args.file, wanted, may_be_empty=[] if args.intake is None else [args.intake])
    if args.event is not None:
        refuse_rows(found, args.event, ~np.isin(found[args.event], (0, 1)), "is neither 0 nor 1")
    given = ScoreRows(
        file=found.file,
        columns=ScoreColumns(args.client, args.session, args.score),
        clients=found[args.client].tolist(),
        sessions=found[args.session],
        scores=found[args.score],
        rows=found.rows.tolist(),
    )
    rows = with_same_sessions(given, args.same_session)
    courses = courses_of(rows.clients, rows.sessions, rows.scores)
    place_of = {row: place for place, row in enumerate(given.rows)}
    order = np.array([place_of[row] for row in rows.rows])[_sorting(rows)]
    return ReportTable(
        rows=rows,
        courses=courses,
        number=np.arange(len(courses.scores)) - np.repeat(courses.first, courses.lengths) + 1,
        intake=None if args.intake is None else found[args.intake][order],
        event=None if args.event is None else found[args.event][order],
    )


def _sorting(rows: ScoreRows) -> NDArray[np.int64]:
    """The order in which `courses_of` puts rows."""
    numbers = {client: number for number, client in enumerate(dict.fromkeys(rows.clients))}
    return np.lexsort((rows.sessions, np.array([numbers[client] for client in rows.clients])))
