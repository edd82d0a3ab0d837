"""`openrapport expected`: the expected treatment response, and how well leaving it foretells a bad end."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from openrapport.analysis.change import CRITERION
from openrapport.analysis.expected_response import (
    SESSIONS,
    Course,
    ExpectedPoint,
    ExpectedResponse,
    courses_of,
    expected_course,
    expected_response,
)
from openrapport.analysis.on_track import Failure, OnTrackCheck, check_on_track
from openrapport.commands import CommandError
from openrapport.commands.asked import (
    above_zero,
    add_columns,
    add_direction,
    add_split,
    begin,
    direction_of,
    inside,
    naming,
    number,
    refuse_no_session,
    refuse_same_column,
    refuse_twice,
    whole_from,
)
from openrapport.commands.expected_text import as_text
from openrapport.commands.progress import progress
from openrapport.commands.results import refuse_outputs, report
from openrapport.commands.table_parts import Floats
from openrapport.commands.tables import Columns, read_columns

HEADER = ("session", "expected", "low", "high", "extrapolated")
TYPES = ("INTEGER", "DOUBLE", "DOUBLE", "DOUBLE", "BOOLEAN")
_SAYS = """\
Scores on log(session) by intake score, a curve for each client, and the band in which single scores of a new client
with that intake are expected. Sessions count from 1; the intake is a column of its own (--intake), or the score at
session 0, or, where there is none, at session 1, which then is not among the sessions that are fitted. With --sd and
--reliability, also sensitivity and specificity of leaving the band, on people kept out of the fit, against a
reliable deterioration at the end.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, writes="one row for each session of the expected course")
    add_columns(parser, {"client": "who", "session": "session number", "score": "the score"})
    parser.add_argument("--intake", metavar="COLUMN", help="the score at intake (default: at session 0, else 1)")
    parser.add_argument(
        "--at", type=number, metavar="SCORE", help="draw the course for this intake (default: the mean)"
    )
    parser.add_argument(
        "--until", type=whole_from(1), default=SESSIONS[-1], metavar="N", help=f"last session ({SESSIONS[-1]})"
    )
    parser.add_argument(
        "--coverage", type=inside, default=0.8, metavar="SHARE", help="of scores within the band (default: 0.8)"
    )
    parser.add_argument("--sd", type=above_zero, metavar="X", help="for the check: SD of the score at intake")
    parser.add_argument("--reliability", type=number, metavar="R", help="for the check: reliability of the score")
    parser.add_argument(
        "--criterion", type=above_zero, default=CRITERION, metavar="X", help=f"of reliable change ({CRITERION})"
    )
    add_direction(parser)
    add_split(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    if (args.sd is None) != (args.reliability is None):
        raise CommandError("--sd and --reliability belong together: both say what a reliable change is")
    if args.reliability is not None and not 0 <= args.reliability < 1:
        raise CommandError("--reliability lies from 0 up to, but not including, 1")
    if args.until > 1000:
        raise CommandError("--until takes at most 1000 sessions")
    columns = {"--client": args.client, "--session": args.session, "--score": args.score, "--intake": args.intake}
    refuse_same_column(args.file, columns)
    courses, left_out = _courses(args)
    check: OnTrackCheck | None = None
    with naming(args.file) as sound, progress("Fitting"):
        expected: ExpectedResponse = sound(expected_response(courses, direction=direction_of(args)))
        intake = expected.intake_mean if args.at is None else args.at
        sessions = range(1, args.until + 1)
        band: tuple[ExpectedPoint, ...] = sound(
            expected_course(expected, intake, coverage=args.coverage, sessions=sessions)
        )
        if args.sd is not None:
            check = sound(_check(args, courses))
    rows = [(each.session, each.expected, each.low, each.high, each.extrapolated) for each in band]
    found = {
        "expected": expected,
        "left_out": left_out,
        "intake": intake,
        "coverage": args.coverage,
        "course": band,
        "check": check,
    }
    text = as_text(expected, band, check, intake=intake, coverage=args.coverage, left_out=left_out)
    report(args, found, text, HEADER, TYPES, rows)
    return 0


def _courses(args: argparse.Namespace) -> tuple[tuple[Course, ...], int]:
    """Courses, and how many clients were left out because they have no intake score."""
    numbers = [args.session, args.score, *([] if args.intake is None else [args.intake])]
    empty = [name for name in numbers if name != args.session]
    wanted: dict[str, Any] = {args.client: "text", **dict.fromkeys(numbers, "number")}
    table = read_columns(args.file, wanted, may_be_empty=empty)
    refuse_no_session(table, args.session, first=0)
    refuse_twice(table, args.client, args.session)
    sessions, scores = table[args.session], table[args.score].copy()
    if args.intake is None:
        intake = _first_scores(table, args, scores)
    else:
        intake = table[args.intake]
        _refuse_changing(table, args)
    known = (sessions >= 1) & ~np.isnan(intake)
    clients = table[args.client]
    left_out = len(set(clients.tolist()) - set(clients[known].tolist()))
    if not known.any():
        raise CommandError(f"{table.file}: nobody has an intake score; name its column with --intake")
    with naming(args.file):
        return courses_of(
            clients[known].tolist(), sessions[known].astype(np.int64).tolist(), scores[known], intake[known]
        ), left_out


def _first_scores(table: Columns, args: argparse.Namespace, scores: Floats) -> Floats:
    """Each row's client's score at session 0, else at session 1, which is then taken out of `scores`."""
    first: dict[str, tuple[float, int]] = {}
    for place, (client, session, score) in enumerate(
        zip(table[args.client], table[args.session], table[args.score], strict=True)
    ):
        if session <= 1 and not np.isnan(score) and (client not in first or session == 0):
            first[client] = (float(score), place)
    for _, place in first.values():
        scores[place] = np.nan
    return np.array([first.get(client, (np.nan, 0))[0] for client in table[args.client]])


def _refuse_changing(table: Columns, args: argparse.Namespace) -> None:
    seen: dict[str, int] = {}
    intake = table[args.intake]
    for place, client in enumerate(table[args.client]):
        before = seen.setdefault(client, place)
        if intake[before] != intake[place] and not (np.isnan(intake[before]) and np.isnan(intake[place])):
            where, row = table.where(place, args.intake), table.rows[before]
            raise CommandError(f"{where}: the intake of client {str(client)[:40]!r} is not that of row {row}")


def _check(args: argparse.Namespace, courses: tuple[Course, ...]) -> OnTrackCheck:
    failure = Failure(kind="deteriorated", sd=args.sd, reliability=args.reliability, criterion=args.criterion)
    return check_on_track(
        courses,
        direction=direction_of(args),
        coverage=args.coverage,
        failure=failure,
        held_out=args.held_out,
        seed=args.seed,
    )
