"""`openrapport population change`: who changed reliably, counted over any number of clients."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from openrapport.analysis.population.change import PopulationChange, change_population
from openrapport.commands.asked import above_zero, add_direction, direction_of, number
from openrapport.commands.population_source import add_session_columns, add_source, columns_in, working
from openrapport.commands.results import print_json
from openrapport.commands.showing import aligned, counted, facts, say, share


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(
        parser,
        "change sessions.parquet --client client --session session --score score \\\n"
        "      --sd 7.5 --reliability 0.8 --direction lower-is-better",
    )
    add_session_columns(parser)
    parser.add_argument("--sd", type=above_zero, required=True, help="SD of the first scores, in score units")
    parser.add_argument("--reliability", type=number, required=True, help="of the score, from 0 to below 1")
    parser.add_argument("--criterion", type=above_zero, default=1.96, help="in standard errors (default: 1.96)")
    add_direction(parser)


def run(args: argparse.Namespace) -> int:
    columns = columns_in(args)
    with working(args, "Counting") as asked:
        found = change_population(
            asked.source,
            columns,
            sd=args.sd,
            reliability=args.reliability,
            direction=direction_of(args),
            criterion=args.criterion,
            engine=asked.engine,
            spark_master=asked.spark_master,
        )
    if args.json:
        print_json(asdict(found))
    else:
        print(_as_text(found))
    return 0


def _as_text(found: PopulationChange) -> str:
    counts = {"better": found.better, "no reliable change": found.no_reliable_change, "worse": found.worse}
    rows = [
        [name, f"{count:,}", share(count / found.compared) if found.compared else "-"] for name, count in counts.items()
    ]
    single = f"{counted(found.one_session_only, 'client')} with a score of one session only, not compared"
    return "\n\n".join(
        [
            f"{counted(found.compared, 'client')} compared, first score with last\n{single}",
            aligned(["Change", "Clients", "Share"], rows),
            facts(
                [
                    ("mean difference", say(found.mean_difference, 2)),
                    ("reliable beyond", f"{say(found.threshold, 2)} points"),
                ]
            ),
        ]
    )
