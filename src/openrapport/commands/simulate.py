"""`openrapport simulate`: invented tables to try things on, the same for the same seed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from openrapport.commands.asked import whole_from
from openrapport.commands.invented_tables import TABLES
from openrapport.commands.progress import progress
from openrapport.commands.results import print_json, refuse_outputs
from openrapport.commands.showing import counted
from openrapport.commands.table_parts import Cell
from openrapport.commands.tables import DASH, write_csv, write_table

SCORES = "scores"
HEADER = ("client", "session", "alliance")
TYPES = ("VARCHAR", "INTEGER", "DOUBLE")
_CLIENTS = 70


def add_arguments(parser: argparse.ArgumentParser) -> None:
    width = max(map(len, TABLES))
    tables = [f"  {SCORES:<{width}}  alliance by session, with ruptures in some courses, for `ruptures` and `growth`"]
    tables += [f"  {name:<{width}}  {table.says}" for name, table in TABLES.items()]
    listed = "\n".join(tables)
    parser.epilog = f"Nobody in these tables exists. Tables:\n{listed}\n\n{parser.epilog}"
    parser.add_argument(
        "--table", choices=(SCORES, *TABLES), default=SCORES, metavar="NAME", help=f"one of those below ({SCORES})"
    )
    parser.add_argument(
        "--clients", type=whole_from(1), metavar="N", help=f"how many (default: {_CLIENTS} for {SCORES})"
    )
    parser.add_argument("--seed", type=whole_from(0), default=4, metavar="N", help="default: 4")
    parser.add_argument("--out", metavar="FILE", help="a .csv or .parquet file (default: CSV on standard output)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    with progress("Inventing"):
        clients, header, types, rows = _invented(args)
    if args.out not in (None, DASH):
        write_table(Path(args.out), header, types, rows)
    if args.json:
        columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
        print_json({"table": args.table, "clients": clients, "seed": args.seed, "columns": columns})
    elif args.out in (None, DASH):
        write_csv(sys.stdout, header, rows)
    else:
        print(f"{args.out}: {counted(len(rows), 'invented row')}, seed {args.seed}")
    return 0


def _invented(args: argparse.Namespace) -> tuple[int, Sequence[str], Sequence[str], Sequence[Sequence[Cell]]]:
    if args.table == SCORES:
        from openrapport.analysis.simulate import invented_table

        clients = args.clients or _CLIENTS
        return clients, HEADER, TYPES, invented_table(clients=clients, seed=args.seed)
    table = TABLES[args.table]
    clients = args.clients or table.clients
    return clients, table.header, table.types, table.make(clients, np.random.default_rng(args.seed))
