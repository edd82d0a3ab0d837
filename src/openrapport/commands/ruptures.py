"""`openrapport ruptures`: where scores in a table broke off, by a named rule, with how often that rule is wrong."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from openrapport.analysis.baseline import Population, estimate_population, population_of
from openrapport.analysis.catalogue import UnknownInstrument, get_by_ref, get_instrument
from openrapport.analysis.false_alarms import FalseAlarmRate, false_alarm_rate
from openrapport.analysis.instrument import Direction, Instrument, InstrumentError
from openrapport.analysis.instrument_file import load_instrument
from openrapport.analysis.rules import Rule
from openrapport.analysis.scan import Courses, Scan, courses_of, scan
from openrapport.commands import CommandError
from openrapport.commands.rupture_report import (
    EPISODE_COLUMNS,
    EPISODE_TYPES,
    Summary,
    as_json,
    as_text,
    episode_rows,
    false_alarm_table,
)
from openrapport.commands.rupture_rules import RULES, add_rule_arguments, build_rule
from openrapport.commands.tables import (
    SAME_SESSION,
    ScoreColumns,
    ScoreRows,
    TableError,
    read_scores,
    write_csv,
    write_table,
)

_HELP = """\
A rule draws a line under each coming score; a score beyond the line begins a rupture, and the first score
back on the good side of that line ends it. No published rule is agreed on, so choose one and read its
false-alarm rate: the share of people who never change that it would flag at least once in courses as
long as yours. It is simulated with the mean and spread between and within clients estimated from the
file itself (one-way random-effects analysis of variance, by moments; a common trend counts as spread
within clients), on a scale that ends at the file's lowest and highest score unless --minimum and
--maximum, or --instrument, say otherwise.

Rules: {rules}

Examples:
  ./openrapport ruptures scores.csv --client client --session session --score alliance
  ./openrapport ruptures scores.csv --client id --session week --score total --direction lower-is-better \\
      --rule point-drop --drop 5 --out ruptures.csv
  ./openrapport ruptures --false-alarms
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything the scores are judged by, and where it came from, in words for the report."""

    direction: Direction
    population: Population
    source: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _HELP.format(rules="".join(f"\n  {name:<16} {rule.says}" for name, rule in RULES.items()))
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a .csv or .parquet table, one row a session"
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
    parser.add_argument(
        "--direction",
        choices=("higher-is-better", "lower-is-better"),
        help="which way is good (default: higher-is-better, as for an alliance)",
    )
    parser.add_argument(
        "--instrument", metavar="ID", help="take direction, scale and norms from an instrument, or from its .toml file"
    )
    parser.add_argument("--minimum", type=float, metavar="X", help="lowest possible score")
    parser.add_argument("--maximum", type=float, metavar="X", help="highest possible score")
    add_rule_arguments(parser)
    parser.add_argument("--people", type=int, default=20_000, help="people simulated for the rate (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the simulation (default: 1)")
    parser.add_argument(
        "--out", metavar="FILE", help="write one row per rupture: .csv, .parquet, or - for CSV on standard output"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument(
        "--false-alarms", action="store_true", help="print the rates of all rules on one textbook population, no file"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 when the table was read and judged, whatever was found. Raises `CommandError` otherwise."""
    if args.people < 1 or args.seed < 0:
        raise CommandError("--people takes 1 or more, --seed 0 or more")
    if args.false_alarms:
        print(false_alarm_table(people=args.people, seed=args.seed))
        return 0
    table = _read(args)
    courses = courses_of(table.clients, table.sessions, table.scores)
    setting = _setting(args, table, courses)
    rule = build_rule(args, setting.population)
    found = scan(courses, rule, direction=setting.direction)
    rate = _rate(args, rule, setting, courses)
    _report(args, table, courses, setting, rule, found, rate)
    return 0


def _read(args: argparse.Namespace) -> ScoreRows:
    missing = [f"--{name}" for name in ("client", "session", "score") if getattr(args, name) is None]
    if args.file is None:
        raise CommandError("Which table? ./openrapport ruptures FILE --client ID --session N --score S")
    if missing:
        raise CommandError(f"{args.file}: which columns? {' '.join(missing)} missing")
    if args.out == "-" and args.json:
        raise CommandError("--json and --out - both want standard output; name a file with --out")
    if args.out not in (None, "-") and Path(args.out).resolve() == args.file.resolve():
        raise CommandError(f"{args.out}: --out would overwrite the table it reads")
    if args.out not in (None, "-") and Path(args.out).suffix.lower() not in (".csv", ".parquet"):
        raise CommandError(f"{args.out}: the file to write must end in .csv or .parquet")
    return read_scores(args.file, ScoreColumns(args.client, args.session, args.score), same_session=args.same_session)


def _setting(args: argparse.Namespace, table: ScoreRows, courses: Courses) -> Setting:
    if args.instrument is not None:
        return _from_instrument(args, table)
    minimum = float(table.scores.min()) if args.minimum is None else args.minimum
    maximum = float(table.scores.max()) if args.maximum is None else args.maximum
    _refuse_outside(table, minimum, maximum)
    try:
        population = estimate_population(courses.series(), minimum=minimum, maximum=maximum)
    except ValueError as problem:
        raise TableError(f"{table.file}: column {table.columns.score}: {problem}") from problem
    direction: Direction = "lower_is_better" if args.direction == "lower-is-better" else "higher_is_better"
    ends = "given" if args.minimum is not None and args.maximum is not None else "lowest and highest score in the file"
    return Setting(direction, population, f"estimated from this file (analysis of variance); ends of the scale: {ends}")


def _from_instrument(args: argparse.Namespace, table: ScoreRows) -> Setting:
    if args.direction is not None or args.minimum is not None or args.maximum is not None:
        raise CommandError("--instrument already says direction and ends; leave out --direction, --minimum, --maximum")
    instrument = _instrument(args.instrument)
    norms = instrument.norms_of(instrument.total.code)
    if norms is None:
        raise CommandError(f"{instrument.ref} has no norms; leave out --instrument to estimate them from the file")
    _refuse_outside(table, instrument.total.minimum, instrument.total.maximum)
    kind = "provisional norms, assumptions without data" if norms.provisional else f"norms of {norms.source}"
    return Setting(
        instrument.total.direction, population_of(instrument, instrument.total.code), f"{instrument.ref}: {kind}"
    )


def _instrument(name: str) -> Instrument:
    try:
        if name.endswith(".toml"):
            return load_instrument(Path(name))
        return get_by_ref(name) if "@" in name else get_instrument(name)
    except (InstrumentError, UnknownInstrument) as problem:
        raise CommandError(str(problem)) from problem


def _refuse_outside(table: ScoreRows, minimum: float, maximum: float) -> None:
    outside = (table.scores < minimum) | (table.scores > maximum)
    if outside.any():
        place = int(outside.argmax())
        where = f"{table.file}: row {table.rows[place]}, column {table.columns.score}"
        raise TableError(f"{where}: {table.scores[place]:g} is not within {minimum:g} to {maximum:g}")


def _rate(args: argparse.Namespace, rule: Rule, setting: Setting, courses: Courses) -> FalseAlarmRate:
    return false_alarm_rate(
        rule,
        setting.population,
        sessions=courses.lengths.tolist(),
        people=args.people,
        seed=args.seed,
        direction=setting.direction,
    )


def _report(
    args: argparse.Namespace,
    table: ScoreRows,
    courses: Courses,
    setting: Setting,
    rule: Rule,
    found: Scan,
    rate: FalseAlarmRate,
) -> None:
    rows = episode_rows(found)
    if args.out == "-":
        write_csv(sys.stdout, EPISODE_COLUMNS, rows)
    elif args.out is not None:
        write_table(Path(args.out), EPISODE_COLUMNS, EPISODE_TYPES, rows)
    people = setting.population
    best = people.maximum if setting.direction == "higher_is_better" else people.minimum
    summary = Summary(
        file=table.file,
        shortest=int(courses.lengths.min()),
        longest=int(courses.lengths.max()),
        direction=setting.direction,
        rule=args.rule,
        says=RULES[args.rule].says,
        parameters=rule.parameters,
        population=people,
        population_source=setting.source,
        share_at_best_end=float((table.scores == best).mean()),
        found=found,
        rate=rate,
        written="standard output" if args.out == "-" else args.out,
    )
    print(as_json(summary) if args.json else as_text(summary), file=sys.stderr if args.out == "-" else sys.stdout)
