"""`openrapport population overview`: session by session, without telling anything of a few people."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from openrapport.analysis.population.overview import FEWEST, Overview, overview_population
from openrapport.commands.asked import number, whole_from
from openrapport.commands.population_source import add_session_columns, add_source, columns_in, working
from openrapport.commands.results import print_json
from openrapport.commands.showing import aligned, counted, say, share, wrapped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, "overview sessions.parquet --client client --session session --score score --best 100 --json")
    add_session_columns(parser)
    parser.add_argument("--best", type=number, metavar="SCORE", help="the best possible score, for the share at it")
    parser.add_argument(
        "--fewest",
        type=whole_from(2),
        default=FEWEST,
        metavar="N",
        help=f"smallest group of people that is shown (default: {FEWEST})",
    )


def run(args: argparse.Namespace) -> int:
    columns = columns_in(args)
    with working(args, "Counting") as asked:
        found = overview_population(
            asked.source,
            columns,
            best=args.best,
            fewest=args.fewest,
            engine=asked.engine,
            spark_master=asked.spark_master,
        )
    if args.json:
        print_json(asdict(found))
    else:
        print(_as_text(found))
    return 0


def _as_text(found: Overview) -> str:
    rows = [
        [
            str(each.session),
            "-" if each.n is None else f"{each.n:,}",
            say(each.mean, 2),
            say(each.sd, 2),
            "-" if each.ceiling_share is None else share(each.ceiling_share),
            "-" if each.still_in_treatment is None else share(each.still_in_treatment),
        ]
        for each in found.sessions
    ]
    scores = "" if found.n_scores is None else f", {counted(found.n_scores, 'score')}"
    note = (
        f"A dash stands where fewer than {found.fewest} people would be told of, by the number itself or by what is "
        "left when others are taken from a total."
    )
    return "\n\n".join(
        [
            f"{counted(found.n_clients, 'client')}{scores}",
            aligned(["Session", "Scores", "Mean", "SD", "At the best end", "Still there"], rows),
            wrapped(note),
        ]
    )
