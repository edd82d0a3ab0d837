"""`openrapport rules`: the rules for ruptures, listed, with their rates, or side by side on one table."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

from openrapport.analysis.calibration import CALIBRATED
from openrapport.analysis.scan import courses_of
from openrapport.commands import CommandError
from openrapport.commands import rule_rates_report as rates_report
from openrapport.commands import rules_side_by_side as side
from openrapport.commands.asked import whole_from
from openrapport.commands.populations import add_population_arguments, setting_of
from openrapport.commands.progress import progress
from openrapport.commands.rule_rates import Wanted, rate_table
from openrapport.commands.rupture_rules import MOST_PEOPLE, RULES, add_rule_arguments, build_every_rule
from openrapport.commands.score_rows import add_score_arguments, read_asked_scores
from openrapport.commands.showing import facts, wrapped
from openrapport.commands.tables import DASH, write_csv, write_table

_HELP = """\
Without anything it lists the rules: what each says, the numbers it takes and what it needs to know. With a
table it runs all of them on the same scores. With --table it simulates how often each rule flags people who
never change, and how often it sees a drop that is there, by the length of the course: first with the numbers
in print, then with every rule set to the same share of false alarms.

Examples:
  ./openrapport rules
  ./openrapport rules docs/analysis/invented_scores.csv --client client \\
      --session session --score alliance
  ./openrapport rules --table --people 20000 --seed 1 --lengths 4,8,12,20
"""
_SET_BY_RULE = {"one-sd": "own-sd", "two-sd": "own-sd"}
# A share of false alarms that leaves something to see in short courses, too.
_SAME_RATE = 0.1
_LONGEST = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    paragraph, examples = _HELP.split("\n\n")
    parser.epilog = f"{wrapped(' '.join(paragraph.split()))}\n\n{examples}"
    add_score_arguments(parser)
    add_population_arguments(parser)
    add_rule_arguments(parser)
    parser.add_argument("--out", metavar="FILE", help="with a table: write one row a session, a column for each rule")
    table = parser.add_argument_group("the table of rates")
    table.add_argument("--table", action="store_true", help="simulate false alarms and drops that are seen")
    table.add_argument("--lengths", default="4,8,12,20", metavar="N,N", help="sessions in a course (4,8,12,20)")
    table.add_argument("--detect", default="4", metavar="X,X", help="drops to be seen, in points (4)")
    table.add_argument(
        "--onset",
        type=whole_from(2),
        metavar="N",
        help="the session the drop comes at (default: one-off at random from the second on, lasting after half)",
    )
    table.add_argument(
        "--same-rate",
        type=float,
        default=_SAME_RATE,
        metavar="P",
        help="false alarms every rule is set to (0.1); 0: none",
    )
    table.add_argument("--autocorrelation", type=float, default=0.0, metavar="R", help="of neighbouring sessions (0)")
    table.add_argument(
        "--people", type=whole_from(1000), default=20_000, metavar="N", help="simulated for each figure (20000)"
    )
    table.add_argument("--seed", type=whole_from(0), default=1, metavar="N", help="of the simulation (1)")
    table.add_argument("--into", type=Path, metavar="PAGE", help="write the table between the markers of a page")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 when done. Raises `CommandError` otherwise."""
    if args.table:
        _print_table(args)
    elif args.file is not None:
        _print_side_by_side(args)
    elif args.out is not None:
        raise CommandError("--out writes what the rules find in a table: name the FILE")
    else:
        print(_listed_as_json() if args.json else _listed())
    return 0


def _listed() -> str:
    lines = ["Rules for ruptures. No published one is agreed on; each is named with its numbers."]
    for name, word in RULES.items():
        numbers = ", ".join(
            f"--{option.replace('_', '-')} {'(no default)' if value is None else f'{value:g}'}"
            for option, value in word.options.items()
        )
        lines += [
            "",
            name,
            facts(
                [
                    ("  flags", word.says),
                    ("  numbers", numbers or "none"),
                    ("  needs", word.needs),
                    ("  usable", "when the course is over" if word.looks_back else "during therapy"),
                    ("  set by", _set_by(name)),
                ]
            ),
        ]
    lines += ["", "How often each is wrong, and what it sees: ./openrapport rules --table"]
    return "\n".join(lines)


def _set_by(name: str) -> str:
    """The number that `calibrate` sets to reach a share of false alarms."""
    return CALIBRATED[_SET_BY_RULE.get(name, name)]


def _listed_as_json() -> str:
    rules = [
        {
            "rule": name,
            "says": word.says,
            "parameters": dict(word.options),
            "needs": word.needs,
            "looks_back": word.looks_back,
            "set_by": _set_by(name),
        }
        for name, word in RULES.items()
    ]
    return json.dumps({"rules": rules}, indent=2, ensure_ascii=False)


def _print_side_by_side(args: argparse.Namespace) -> None:
    table = read_asked_scores(args, "rules")
    courses = courses_of(table.clients, table.sessions, table.scores)
    setting = setting_of(args, table, courses)
    rules, not_run = build_every_rule(args, setting.population)
    found = side.side_by_side(table.file, courses, setting, rules, not_run)
    if args.out is not None:
        header, types, rows = side.as_rows(found)
        if args.out == DASH:
            write_csv(sys.stdout, header, rows)
        else:
            write_table(Path(args.out), header, types, rows)
    print(
        side.as_json(found) if args.json else side.as_text(found), file=sys.stderr if args.out == DASH else sys.stdout
    )


def _print_table(args: argparse.Namespace) -> None:
    if args.file is not None or args.out is not None:
        raise CommandError("--table simulates people; it takes no FILE and no --out")
    wanted = _wanted(args)
    with progress("Simulating") as tell:
        found = rate_table(wanted, tell=tell)
    if args.into is not None:
        rates_report.write_between_markers(args.into, rates_report.as_markdown(found))
    if args.json:
        print(rates_report.as_json(found))
    elif args.into is None:
        print(rates_report.as_markdown(found))
    else:
        print(f"Written between the markers of {args.into}")


def _wanted(args: argparse.Namespace) -> Wanted:
    lengths = tuple(int(length) for length in _numbers(args.lengths, "--lengths") if length.is_integer())
    drops = _numbers(args.detect, "--detect")
    if not lengths or min(lengths) < 2 or len(lengths) != args.lengths.count(",") + 1:
        raise CommandError("--lengths takes whole numbers from 2 on, such as 4,8,12,20")
    if not all(drop > 0 for drop in drops):
        raise CommandError("--detect takes points above 0, such as 4 or 2,4")
    if args.onset is not None and not 2 <= args.onset <= min(lengths):
        raise CommandError(f"--onset takes a session from 2 to the shortest length, {min(lengths)}")
    if not 0 <= args.same_rate < 1:
        raise CommandError("--same-rate takes a share below 1, or 0 to leave that part out")
    if not 1000 <= args.people <= MOST_PEOPLE or args.seed < 0:
        raise CommandError(f"--people takes 1000 or more, up to {MOST_PEOPLE:,}; --seed 0 or more")
    if max(lengths) > _LONGEST or max(drops) == math.inf:
        raise CommandError(f"--lengths goes up to {_LONGEST} sessions, and a drop of --detect is a finite number")
    if not -1 < args.autocorrelation < 1:
        raise CommandError("--autocorrelation lies between -1 and 1")
    return Wanted(
        lengths=lengths,
        drops=drops,
        onset=args.onset,
        same_rate=args.same_rate or None,
        people=args.people,
        seed=args.seed,
        autocorrelation=args.autocorrelation,
    )


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise CommandError(f"{option} takes numbers with commas between them, not {text!r}") from None
