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
from openrapport.analysis.scan import Courses, Scan, scan
from openrapport.commands import CommandError
from openrapport.commands.asked import naming
from openrapport.commands.populations import Setting, setting_of
from openrapport.commands.progress import progress
from openrapport.commands.report_table import ReportTable
from openrapport.commands.rupture_rules import build_rule

Floats = NDArray[np.float64]

# Points at which the expected course is drawn, and told in the table.
_POINTS, _TOLD = 61, 7


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
    """How many clients changed reliably from `begins` to their last score; `left_out` have only one of the two."""

    begins: str
    threshold: float
    sd: float
    reliability: float
    criterion: float
    counts: Mapping[str, int]
    n: int
    left_out: int


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
    pairs = _first_and_last(table)
    given: dict[str, Any] = {"sd": args.sd, "reliability": args.reliability, "criterion": args.criterion}
    counts = Counter(reliable_change(*pair, direction=direction, **given).verdict for pair in pairs)
    return ChangeFinding(
        begins="first score" if table.intake is None else "intake score",
        threshold=reliable_change_threshold(args.sd, args.reliability, criterion=args.criterion),
        counts={name: counts[name] for name in ("better", "no_reliable_change", "worse")},
        n=len(pairs),
        left_out=len(table.courses.clients) - len(pairs),
        **given,
    )


def _first_and_last(table: ReportTable) -> list[tuple[float, float]]:
    """The intake score and the last one, or, where no intake is known, the first and the last of several."""
    series = table.courses.series()
    if table.intake is None:
        return [(float(course[0]), float(course[-1])) for course in series if len(course) > 1]
    intakes = table.intake[table.courses.first]
    return [
        (float(before), float(course[-1]))
        for before, course in zip(intakes, series, strict=True)
        if not np.isnan(before)
    ]


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
