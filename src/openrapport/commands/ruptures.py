"""`openrapport ruptures`: where scores in a table broke off, by a named rule, with how often that rule is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from openrapport.analysis.ceiling import ceiling
from openrapport.analysis.false_alarms import FalseAlarmRate, false_alarm_rate
from openrapport.analysis.rules import Rule
from openrapport.analysis.scan import Courses, Scan, courses_of, scan
from openrapport.commands import CommandError
from openrapport.commands.asked import whole_from
from openrapport.commands.populations import Setting, add_population_arguments, setting_of
from openrapport.commands.progress import progress
from openrapport.commands.rule_rates import false_alarm_table
from openrapport.commands.rupture_report import (
    EPISODE_COLUMNS,
    EPISODE_TYPES,
    Summary,
    as_json,
    as_text,
    episode_rows,
)
from openrapport.commands.rupture_rules import DEFAULT_RULE, MOST_PEOPLE, RULES, add_rule_arguments, build_rule
from openrapport.commands.score_rows import ScoreRows, add_score_arguments, read_asked_scores
from openrapport.commands.showing import facts, wrapped
from openrapport.commands.tables import DASH, write_csv, write_table

_HELP = """\
A rule draws a line under each coming score; a score beyond the line begins a rupture, and the first score
back on the good side of that line ends it. No published rule is agreed on, so choose one and read its
false-alarm rate: the share of people who never change that it would flag at least once in courses as
long as yours. It is simulated with the mean and spread between and within clients estimated from the
file itself (one-way random-effects analysis of variance, by moments; a common trend counts as spread
within clients), on a scale that ends at the file's lowest and highest score unless --minimum and
--maximum, --population or --instrument say otherwise.

Rules:
{rules}

Examples:
  ./openrapport ruptures docs/analysis/invented_scores.csv --client client \\
      --session session --score alliance
  ./openrapport ruptures docs/analysis/invented_scores.csv --client client \\
      --session session --score alliance --rule point-drop --drop 2 --out ruptures.csv
  ./openrapport ruptures - --client client --session session --score alliance --json \\
      < docs/analysis/invented_scores.csv
  ./openrapport ruptures --false-alarms
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    paragraph, *rest = _HELP.split("\n\n")
    parser.epilog = "\n\n".join([wrapped(" ".join(paragraph.split())), *rest]).format(
        rules=facts([(f"  {name}", rule.says) for name, rule in RULES.items()])
    )
    add_score_arguments(parser)
    add_population_arguments(parser)
    parser.add_argument(
        "--rule", choices=tuple(RULES), default=DEFAULT_RULE, metavar="RULE", help=f"default: {DEFAULT_RULE}"
    )
    add_rule_arguments(parser)
    parser.add_argument(
        "--people", type=whole_from(1), default=20_000, help="people simulated for the rate (default: 20000)"
    )
    parser.add_argument("--seed", type=whole_from(0), default=1, help="seed of the simulation (default: 1)")
    parser.add_argument(
        "--autocorrelation",
        type=float,
        default=0.0,
        metavar="R",
        help="how much neighbouring sessions of the simulated people resemble each other, -1 to 1 (default: 0)",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="write one row per rupture: .csv, .parquet, or - for CSV on standard output"
    )
    parser.add_argument("--json", action="store_true", help="print summary and ruptures as one JSON object")
    parser.add_argument(
        "--false-alarms", action="store_true", help="print the rates of all rules on one textbook population, no file"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 when the table was read and judged, whatever was found. Raises `CommandError` otherwise."""
    if not 1 <= args.people <= MOST_PEOPLE or args.seed < 0:
        raise CommandError(f"--people takes 1 or more, up to {MOST_PEOPLE:,}; --seed 0 or more")
    if not -1 < args.autocorrelation < 1:
        raise CommandError("--autocorrelation lies between -1 and 1")
    if args.false_alarms:
        with progress("Simulating people who never change"):
            rates = false_alarm_table(people=args.people, seed=args.seed, as_json=args.json)
        print(rates)
        return 0
    table = read_asked_scores(args, "ruptures")
    courses = courses_of(table.clients, table.sessions, table.scores)
    setting = setting_of(args, table, courses)
    rule = build_rule(args, setting.population)
    found = scan(courses, rule, direction=setting.direction)
    with progress("Simulating people who never change"):
        rate = _rate(args, rule, setting, courses)
    _report(args, table, courses, setting, rule, found, rate)
    return 0


def _rate(args: argparse.Namespace, rule: Rule, setting: Setting, courses: Courses) -> FalseAlarmRate:
    return false_alarm_rate(
        rule,
        setting.population,
        sessions=courses.lengths.tolist(),
        people=args.people,
        seed=args.seed,
        direction=setting.direction,
        autocorrelation=args.autocorrelation,
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
    if args.out == DASH:
        write_csv(sys.stdout, EPISODE_COLUMNS, rows)
    elif args.out is not None:
        write_table(Path(args.out), EPISODE_COLUMNS, EPISODE_TYPES, rows)
    summary = Summary(
        file=table.file,
        shortest=int(courses.lengths.min()),
        longest=int(courses.lengths.max()),
        direction=setting.direction,
        rule=args.rule,
        says=RULES[args.rule].says,
        parameters=rule.parameters,
        population=setting.population,
        population_source=setting.source,
        ceiling=ceiling(courses, best=setting.best),
        found=found,
        rate=rate,
        written="standard output" if args.out == DASH else args.out,
    )
    print(as_json(summary) if args.json else as_text(summary), file=sys.stderr if args.out == DASH else sys.stdout)
