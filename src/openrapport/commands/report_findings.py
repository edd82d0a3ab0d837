"""What the report tells, computed: one frozen result for each of its parts."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.baseline import Population
from openrapport.analysis.ceiling import Ceiling, ceiling
from openrapport.analysis.change import reliable_change, reliable_change_threshold
from openrapport.analysis.dropout import DropoutRisk, dropout_risk
from openrapport.analysis.expected_response import (
    SESSIONS,
    ExpectedPoint,
    ExpectedResponse,
    expected_course,
    expected_response,
)
from openrapport.analysis.expected_response import courses_of as intake_courses_of
from openrapport.analysis.false_alarms import FalseAlarmRate, false_alarm_rate
from openrapport.analysis.growth.bands import CourseBand
from openrapport.analysis.growth.bands import expected_course as course_band
from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.fit import fit_design
from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.instrument import Direction
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.rules import Rule
from openrapport.analysis.scan import Courses, Scan, courses_of, scan
from openrapport.commands import CommandError
from openrapport.commands.asked import naming, refuse_rows, refuse_same_column
from openrapport.commands.populations import Setting, setting_of
from openrapport.commands.progress import progress
from openrapport.commands.rupture_rules import build_rule
from openrapport.commands.score_rows import ScoreColumns, ScoreRows, with_same_sessions
from openrapport.commands.tables import read_columns

Floats = NDArray[np.float64]

# Points at which the expected course is drawn, and told in the table.
_POINTS, _TOLD = 61, 7


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


@dataclass(frozen=True, slots=True)
class Summary:
    clients: int
    scores: int
    fewest: int
    median: float
    most: int
    mean: float
    sd: float | None
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class GrowthFinding:
    """`formula` is the course everybody shares, `at` the sessions of the band."""

    formula: str
    fit: GrowthFit
    at: tuple[float, ...]
    band: CourseBand


@dataclass(frozen=True, slots=True)
class ExpectedFinding:
    expected: ExpectedResponse
    coverage: float
    course: tuple[ExpectedPoint, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class RuptureFinding:
    rule: Rule
    word: str
    population: Population
    population_source: str
    scan: Scan
    false_alarms: FalseAlarmRate


@dataclass(frozen=True, slots=True)
class ChangeFinding:
    """How many clients changed reliably from first to last score; `too_short` have one score only."""

    threshold: float
    sd: float
    reliability: float
    criterion: float
    counts: Mapping[str, int]
    n: int
    too_short: int


@dataclass(frozen=True, slots=True)
class Findings:
    file: str
    direction: Direction
    summary: Summary
    ceiling: Ceiling
    best: float | None
    growth: GrowthFinding | NotEstimable
    expected: ExpectedFinding | None
    ruptures: RuptureFinding
    change: ChangeFinding | None
    dropout: DropoutRisk | None


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


def find(args: argparse.Namespace, table: ReportTable) -> Findings:
    """Everything the report says. Raises `CommandError` where what was asked for cannot be had."""
    setting = setting_of(args, table.rows, table.courses)
    rule = build_rule(args, setting.population)
    with progress("Fitting"):
        growth = _growth(table, time=args.time, coverage=args.coverage)
        expected = None if table.intake is None else _expected(args, table, table.intake, setting.direction)
        left = None if table.event is None else _dropout(args, table, table.event)
    return Findings(
        file=table.rows.file,
        direction=setting.direction,
        summary=summary_of(table.courses),
        ceiling=ceiling(table.courses, best=setting.best),
        best=setting.best,
        growth=growth,
        expected=expected,
        ruptures=_ruptures(args, table, setting, rule),
        change=None if args.sd is None else _change(args, table, setting.direction),
        dropout=left,
    )


def summary_of(courses: Courses) -> Summary:
    scores, lengths = courses.scores, courses.lengths
    return Summary(
        clients=len(courses.clients),
        scores=len(scores),
        fewest=int(lengths.min()),
        median=float(np.median(lengths)),
        most=int(lengths.max()),
        mean=float(scores.mean()),
        sd=float(scores.std(ddof=1)) if len(scores) > 1 else None,
        lowest=float(scores.min()),
        highest=float(scores.max()),
    )


def _growth(table: ReportTable, *, time: str, coverage: float) -> GrowthFinding | NotEstimable:
    sessions = table.courses.sessions
    formula = "session" if time == "linear" else "log(session)" if sessions.min() >= 1 else "log(1 + session)"
    if time == "log" and sessions.min() < 0:
        return NotEstimable("Some sessions have a number below 0, which has no logarithm: use --time linear.")
    columns = {"client": np.array(table.owners, dtype=str), "session": sessions, "score": table.courses.scores}
    at = np.linspace(sessions.min(), sessions.max(), _POINTS)
    if (sessions == np.round(sessions)).all():
        at = np.unique(np.round(at))
    try:
        design = build_design(columns, outcome="score", client="client", fixed=formula, random=f"1 + {formula}")
        fit = fit_design(design, method="reml")
        band = course_band(design, fit, {"session": at}, level=coverage)
    except ValueError as problem:
        return NotEstimable(str(problem))
    return GrowthFinding(formula, fit, tuple(at.tolist()), band)


def told_places(count: int) -> list[int]:
    """Evenly chosen points of a drawn course, for its table."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, _TOLD))})


def _expected(args: argparse.Namespace, table: ReportTable, intake: Floats, direction: Direction) -> ExpectedFinding:
    known = ~np.isnan(intake)
    if not known.any():
        raise CommandError(f"{table.rows.file}: column {args.intake}: nobody has an intake score")
    owners = np.array(table.owners, dtype=object)
    with naming(f"{table.rows.file}: column {args.intake}") as sound:
        courses = intake_courses_of(
            owners[known].tolist(), table.number[known].tolist(), table.courses.scores[known], intake[known]
        )
        response: ExpectedResponse = sound(expected_response(courses, direction=direction))
        until = min(SESSIONS[-1], response.last_session)
        points = expected_course(response, response.intake_mean, coverage=args.coverage, sessions=range(1, until + 1))
    left_out = len(table.courses.clients) - len(set(owners[known].tolist()))
    return ExpectedFinding(response, args.coverage, points, left_out)


def _ruptures(args: argparse.Namespace, table: ReportTable, setting: Setting, rule: Rule) -> RuptureFinding:
    with progress("Simulating people who never change"):
        rate = false_alarm_rate(
            rule,
            setting.population,
            sessions=table.courses.lengths.tolist(),
            people=args.people,
            seed=args.seed,
            direction=setting.direction,
        )
    return RuptureFinding(
        rule=rule,
        word=args.rule,
        population=setting.population,
        population_source=setting.source,
        scan=scan(table.courses, rule, direction=setting.direction),
        false_alarms=rate,
    )


def _change(args: argparse.Namespace, table: ReportTable, direction: Direction) -> ChangeFinding:
    pairs = [(float(course[0]), float(course[-1])) for course in table.courses.series() if len(course) > 1]
    given: dict[str, Any] = {"sd": args.sd, "reliability": args.reliability, "criterion": args.criterion}
    counts = Counter(reliable_change(*pair, direction=direction, **given).verdict for pair in pairs)
    return ChangeFinding(
        threshold=reliable_change_threshold(args.sd, args.reliability, criterion=args.criterion),
        counts={name: counts[name] for name in ("better", "no_reliable_change", "worse")},
        n=len(pairs),
        too_short=len(table.courses.clients) - len(pairs),
        **given,
    )


def _dropout(args: argparse.Namespace, table: ReportTable, event: Floats) -> DropoutRisk:
    with naming(f"{table.rows.file}: column {args.event}") as sound:
        risk: DropoutRisk = sound(
            dropout_risk(
                table.owners,
                table.number.tolist(),
                event.astype(int).tolist(),
                {"score": table.courses.scores},
                baseline="log",
                held_out=args.held_out,
                seed=args.seed,
            )
        )
    return risk
