"""`openrapport population`: the same analyses over any number of rows, in fixed memory or where the rows are."""

from __future__ import annotations

import argparse
import importlib

from openrapport.commands import CommandError
from openrapport.commands.showing import wrapped

_WORK = {
    "growth": "fit a growth curve with an intercept and a slope for each client",
    "scan": "flag sessions that fall below what a fitted curve expects of the client",
    "score": "turn answers to an instrument into scores",
    "change": "count who changed reliably between the first score and the last",
    "overview": "count, mean, SD and who is still in treatment, by session number",
}
_SAYS = """\

SOURCE is a .parquet or .csv file or a folder of them, a .duckdb file, or postgresql://user@host/database. The
password of a database is best left to PGPASSWORD or ~/.pgpass: others on this machine can read a command line.
`./openrapport population growth --help` and so on say more about each.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    example = parser.epilog
    parser.epilog = f"{wrapped(' '.join(_SAYS.split()))}\n\n{example}"
    kinds = parser.add_subparsers(dest="work", required=True, metavar="WORK")
    for name, says in _WORK.items():
        part = kinds.add_parser(
            name,
            help=says,
            description=f"{says[0].upper()}{says[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        importlib.import_module(f"openrapport.commands.population_{name}").add_arguments(part)


def run(args: argparse.Namespace) -> int:
    """Exit status 0, or 1 where a curve did not converge. Raises `CommandError`."""
    module = importlib.import_module(f"openrapport.commands.population_{args.work}")
    try:
        return int(module.run(args))
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("openrapport"):
            raise
        extra = "spark" if missing.name == "pyspark" else "population"
        raise CommandError(
            f"This needs {missing.name}, which is not installed. Run: pip install 'openrapport[{extra}]'"
        ) from None
