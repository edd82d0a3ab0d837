"""`openrapport population score`: scores of an instrument for any number of check-ins."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict

from openrapport.analysis.population.scoring import ScoreSummary, score_population
from openrapport.commands import CommandError
from openrapport.commands.asked import instrument_named
from openrapport.commands.population_source import add_source, out_file, working
from openrapport.commands.results import print_json
from openrapport.commands.showing import aligned, counted, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(
        parser,
        "score answers.parquet --instrument alliance-adult --keep client session --out scores.parquet",
        engines=False,
    )
    parser.add_argument(
        "--instrument", required=True, metavar="NAME", help="such as alliance-adult, alliance-adult@1, or a .toml file"
    )
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="CODE=COLUMN", help="where an item's column has another name"
    )
    parser.add_argument("--keep", nargs="+", default=[], metavar="COLUMN", help="columns to repeat beside the scores")
    parser.add_argument("--out", metavar="FILE", help="write the scores of each row: .parquet")


def run(args: argparse.Namespace) -> int:
    out, instrument = out_file(args), instrument_named(args.instrument)
    if args.keep and out is None:
        raise CommandError("--keep says what to repeat beside the scores: give --out as well")
    codes = [scale.code for scale in instrument.scores]
    if clash := [name for name in args.keep if name in codes]:
        raise CommandError(f"--keep {clash[0]}: a score has that name")
    with working(args, "Scoring") as asked:
        found = score_population(
            asked.source, instrument, columns=_named(args.columns), out=out, keep=args.keep, progress=asked.told
        )
    rows = next(iter(found.values())).n
    if args.json:
        scores = {code: asdict(each) for code, each in found.items()}
        print_json({"instrument": instrument.ref, "n_rows": rows, "scores": scores, "out": args.out})
    else:
        print(f"{instrument.ref}: {counted(rows, 'check-in')}\n\n{_as_text(found)}")
        if out is not None:
            print(f"\n{counted(rows, 'row')} written to {out}")
    return 0


def _named(given: list[str]) -> dict[str, str]:
    named = {}
    for each in given:
        code, sign, column = each.partition("=")
        if not sign or not column:
            raise CommandError(f"--columns takes CODE=COLUMN, not {each!r}")
        named[code] = column
    return named


def _as_text(found: Mapping[str, ScoreSummary]) -> str:
    header = ["Score", "Scored", "Mean", "SD", "Prorated", "At the best end", "All alike", "Not scorable"]
    rows = [
        [
            code,
            f"{each.scored:,}",
            say(each.mean, 2),
            say(each.sd, 2),
            f"{each.prorated:,}",
            f"{each.ceiling:,}",
            f"{each.straight_lined:,}",
            ", ".join(f"{count:,} {why.replace('_', ' ')}" for why, count in each.not_scorable.items()) or "0",
        ]
        for code, each in found.items()
    ]
    return aligned(header, rows)
