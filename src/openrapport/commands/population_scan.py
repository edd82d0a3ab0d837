"""`openrapport population scan`: sessions below what a fitted curve expects, over any number of rows."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openrapport.analysis.growth.result import Coefficient, GrowthFit, RandomEffects
from openrapport.analysis.population.scan import Scanned, scan_population
from openrapport.analysis.population.scan_model import Limits, scan_model
from openrapport.commands import CommandError
from openrapport.commands.asked import above_zero, add_direction, direction_of, naming
from openrapport.commands.population_growth import add_counting, fitted
from openrapport.commands.population_source import (
    add_session_columns,
    add_source,
    columns_in,
    out_file,
    source_of,
    working,
)
from openrapport.commands.results import print_json
from openrapport.commands.showing import counted, facts, say, share


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(
        parser,
        "scan sessions.parquet --client client --session session --score score --unit 0.1 \\\n"
        "      --limit 3 --width 2.859 --direction higher-is-better --out flagged.parquet",
    )
    add_session_columns(parser)
    add_counting(parser)
    add_direction(parser)
    parser.add_argument("--limit", type=above_zero, required=True, metavar="Z", help="flag a session below -Z")
    parser.add_argument(
        "--width", type=above_zero, required=True, metavar="Z", help="flag a moving average below -Z of its own SDs"
    )
    parser.add_argument(
        "--weight", type=above_zero, default=0.3, metavar="SHARE", help="of the newest in that average (default: 0.3)"
    )
    parser.add_argument(
        "--fit", metavar="FILE", help="the curve, as `population growth --json` wrote it (default: fit these sessions)"
    )
    parser.add_argument("--out", metavar="FILE", help="write the flagged sessions: .parquet")


def run(args: argparse.Namespace) -> int:
    out, columns = out_file(args), columns_in(args)
    fit = fitted(args)[1] if args.fit is None else _read_fit(Path(args.fit), args.clock)
    with naming(args.fit or source_of(args).label):
        limits = Limits(args.limit, args.weight, args.width)
        model = scan_model(fit, limits, direction=direction_of(args))
    with working(args, "Scanning") as asked:
        found = scan_population(
            asked.source,
            columns,
            model,
            clock=args.clock,
            engine=asked.engine,
            spark_master=asked.spark_master,
            out=out,
            progress=asked.told,
        )
    if args.json:
        print_json({**asdict(found.summary), "way": found.way, "model": asdict(model), "out": args.out})
    else:
        print(_as_text(found, args.out))
    return 0


def _as_text(found: Scanned, out: str | None) -> str:
    summary = found.summary
    written = f"\n\n{counted(summary.flagged_rows, 'flagged session')} written to {out}" if out else ""
    return (
        facts(
            [
                ("sessions with a score", f"{summary.rows:,}"),
                ("clients", f"{summary.clients:,}"),
                ("flagged sessions", _of(summary.flagged_rows, summary.rows)),
                ("clients flagged", _of(summary.flagged_clients, summary.clients)),
                ("mean of z squared", f"{say(summary.mean_square)} (1 where everybody follows the curve)"),
                ("scanned by", found.way),
            ]
        )
        + written
    )


def _of(part: int, whole: int) -> str:
    return f"{part:,} ({share(part / whole)})" if whole else "0"


def _read_fit(file: Path, clock: str) -> GrowthFit:
    """The curve of a JSON file. Raises `CommandError` where it is none, or on another clock."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        fit = _as_fit(found)
    except OSError as problem:
        raise CommandError(f"{file}: cannot be read ({problem.strerror})") from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise CommandError(f"{file}: is not what `population growth --json` writes") from problem
    if found.get("clock", clock) != clock:
        raise CommandError(f"{file}: that curve runs on the {found['clock']} clock; give --clock {found['clock']}")
    return fit


def _as_fit(found: Mapping[str, Any]) -> GrowthFit:
    fixed = {name: Coefficient(float(each["estimate"]), float(each["se"])) for name, each in found["fixed"].items()}
    random = {
        group: RandomEffects(tuple(each["sd"]), each["sd"], tuple(tuple(row) for row in each["corr"]))
        for group, each in found["random"].items()
    }
    return GrowthFit(
        method=found["method"],
        n_rows=found["n_rows"],
        n_clients=found["n_clients"],
        fixed=fixed,
        fixed_covariance=(),
        random=random,
        residual_sd=float(found["residual_sd"]),
        deviance=float(found["deviance"]),
        converged=bool(found["converged"]),
        message=str(found["message"]),
    )
