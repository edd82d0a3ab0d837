"""`openrapport population growth`: a growth curve from any number of sessions."""

from __future__ import annotations

import argparse
from typing import Any

from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.population.growth import Counted, count_population
from openrapport.analysis.population.sessions import Counting
from openrapport.commands.asked import above_zero, number
from openrapport.commands.growth import as_object, as_text
from openrapport.commands.population_source import add_session_columns, add_source, columns_in, working
from openrapport.commands.results import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser, "growth sessions.parquet --client client --session session --score score --unit 0.1")
    add_session_columns(parser)
    add_counting(parser)
    parser.add_argument(
        "--covariates", nargs="+", default=[], metavar="COLUMN", help="numbers of a client, the same in all its rows"
    )
    parser.add_argument("--method", choices=("reml", "ml"), default="reml", help="default: reml")


def add_counting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unit", type=above_zero, required=True, metavar="STEP", help="smallest step between two scores: 1, 0.1"
    )
    parser.add_argument(
        "--clock", choices=("log", "linear"), default="log", help="log(session), or the number itself (default: log)"
    )
    parser.add_argument(
        "--centre", type=number, default=0.0, metavar="SCORE", help="a score in the middle; large sums stay exact"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 when the fit converged, 1 when it did not."""
    counted, fit = fitted(args, tuple(args.covariates))
    cells = counted.cells
    if args.json:
        more = {"way": counted.way, "n_cells": len(cells.clients), "unit": args.unit, "clock": args.clock}
        print_json({**as_object(fit), **more})
    else:
        print(f"{as_text(fit)}\n{len(cells.clients):,} cells, counted by: {counted.way}")
    return 0 if fit.converged else 1


def fitted(args: argparse.Namespace, covariates: tuple[str, ...] = ()) -> tuple[Counted, GrowthFit]:
    columns = columns_in(args, covariates)
    with working(args, "Counting") as asked:
        counting = Counting(args.unit, args.clock, centre=round(args.centre / args.unit))
        counted = count_population(
            asked.source,
            columns,
            counting,
            engine=asked.engine,
            spark_master=asked.spark_master,
            progress=asked.told,
        )
        method: Any = getattr(args, "method", "reml")
        return counted, counted.cells.fit(method=method)
