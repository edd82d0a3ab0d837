"""`openrapport growth`: a multilevel growth curve from a table of session scores."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from openrapport.analysis.growth.columns import needed_columns
from openrapport.analysis.growth.fit import growth
from openrapport.analysis.growth.formula import read_formula
from openrapport.analysis.growth.result import GrowthFit
from openrapport.commands import CommandError
from openrapport.commands.asked import begin, naming, refuse_same_column
from openrapport.commands.progress import progress
from openrapport.commands.results import plain, refuse_outputs, report
from openrapport.commands.showing import aligned, counted, say, wrapped
from openrapport.commands.table_parts import Cell
from openrapport.commands.tables import read_columns

_SAYS = """\
Formulas are as in R: an intercept unless "0 +" stands in front, "time*age" for both and their product,
log(1 + time), I(time^2), a name with blanks in `backquotes`. A text column becomes one column for each of its
values but the first. --session N is short for --fixed N --random "1 + N".

The therapist level needs every client to have one therapist; where clients changed, it is fitted as a crossed
group and the message says so. Exit status 1 when the fit did not converge.
"""
HEADER = ("part", "group", "name", "estimate", "se")
TYPES = ("VARCHAR", "VARCHAR", "VARCHAR", "DOUBLE", "DOUBLE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, writes="one row for each fixed effect, standard deviation and correlation")
    parser.add_argument("--outcome", required=True, metavar="COLUMN", help="the score that grows")
    parser.add_argument("--client", required=True, metavar="COLUMN", help="who the row belongs to")
    parser.add_argument("--session", metavar="COLUMN", help="the session number, in place of formulas")
    parser.add_argument("--fixed", metavar="FORMULA", help='what everybody shares, as "time + age"')
    parser.add_argument("--random", metavar="FORMULA", help='what varies by client (default: "1")')
    parser.add_argument("--therapist", metavar="COLUMN", help="a third level: who the client sees")
    parser.add_argument("--crossed", nargs="+", default=[], metavar="COLUMN", help="further groups, each crossed")
    parser.add_argument("--method", choices=("reml", "ml"), default="reml", help="default: reml")


def run(args: argparse.Namespace) -> int:
    """Exit status 0 when the fit converged, 1 when it did not. Raises `CommandError` on a table it cannot use."""
    refuse_outputs(args)
    fixed, random = _formulas(args)
    groups = [args.client, *([] if args.therapist is None else [args.therapist]), *args.crossed]
    _refuse_same(args)
    with naming(args.file) as sound, progress("Fitting"):
        try:
            table = read_model_table(args.file, outcome=args.outcome, formulas=(fixed, random), groups=groups)
        except RecursionError:
            raise CommandError("The formula has too many brackets within brackets") from None
        fit: GrowthFit = sound(
            growth(
                table,
                outcome=args.outcome,
                client=args.client,
                fixed=fixed,
                random=random,
                therapist=args.therapist,
                crossed=args.crossed,
                method=args.method,
            )
        )
    report(args, as_object(fit), as_text(fit), HEADER, TYPES, rows_of(fit))
    return 0 if fit.converged else 1


def _formulas(args: argparse.Namespace) -> tuple[str, str]:
    if args.session is None:
        if args.fixed is None:
            raise CommandError('Which model? --session COLUMN, or --fixed "..." and --random "..."')
        return args.fixed, "1" if args.random is None else args.random
    if args.fixed is not None or args.random is not None:
        raise CommandError("--session stands in place of --fixed and --random: leave it out, or leave them out")
    return f"`{args.session}`", f"1 + `{args.session}`"


def _refuse_same(args: argparse.Namespace) -> None:
    options = {"--outcome": args.outcome, "--client": args.client, "--session": args.session}
    crossed = {f"--crossed ({place})": name for place, name in enumerate(args.crossed, start=1)}
    refuse_same_column(args.file, {**options, "--therapist": args.therapist, **crossed})


def read_model_table(
    file: str, *, outcome: str, formulas: Sequence[str], groups: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """The columns a model needs. The outcome is a number; what a formula names is a number, or text throughout.

    Raises `TableError` with file, row and column, ValueError on a formula that cannot be read.
    """
    named = [name for formula in formulas for name in needed_columns(read_formula(formula))]
    wanted: dict[str, Any] = {**dict.fromkeys(groups, "group"), **dict.fromkeys(named, "value"), outcome: "number"}
    columns = read_columns(file, wanted, may_be_empty=list(wanted))
    return {name: _as_the_library_reads(columns[name]) for name in columns}


def _as_the_library_reads(cells: NDArray[Any]) -> NDArray[Any]:
    """Text of one width is checked and sorted faster than objects."""
    return cells.astype(str) if cells.dtype.kind == "O" else cells


def as_object(fit: GrowthFit) -> dict[str, Any]:
    """What `--json` prints; docs/analysis/cli.md names the keys."""
    return {
        "method": fit.method,
        "n_rows": fit.n_rows,
        "n_clients": fit.n_clients,
        "fixed": {name: {"estimate": each.estimate, "se": each.se} for name, each in fit.fixed.items()},
        "random": {group: {"sd": plain(each.sd), "corr": plain(each.corr)} for group, each in fit.random.items()},
        "residual_sd": fit.residual_sd,
        "deviance": fit.deviance,
        "converged": fit.converged,
        "message": fit.message,
    }


def rows_of(fit: GrowthFit) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = [("fixed", "", name, each.estimate, each.se) for name, each in fit.fixed.items()]
    for group, effects in fit.random.items():
        rows += [("sd", group, name, sd, None) for name, sd in effects.sd.items()]
        rows += [
            ("correlation", group, f"{earlier}, {later}", effects.corr[at][before], None)
            for at, later in enumerate(effects.names)
            for before, earlier in enumerate(effects.names[:at])
        ]
    return [*rows, ("sd", "", "residual", fit.residual_sd, None)]


def as_text(fit: GrowthFit) -> str:
    name = "REML" if fit.method == "reml" else "ML"
    fixed = [
        [column, say(each.estimate), say(each.se), say(each.estimate / each.se if each.se else None, 2)]
        for column, each in fit.fixed.items()
    ]
    spread = []
    for group, effects in fit.random.items():
        for place, effect in enumerate(effects.names):
            with_earlier = "  ".join(f"{say(effects.corr[place][other], 3):>6}" for other in range(place))
            spread.append([f"{group}: {effect}", say(effects.sd[effect]), with_earlier])
    spread.append(["residual", say(fit.residual_sd), ""])
    correlated = any(row[2] for row in spread)
    return "\n".join(
        [
            f"{counted(fit.n_rows, 'row')} of {counted(fit.n_clients, 'client')}, {name}",
            "",
            aligned(["Fixed effect", "Estimate", "SE", "Estimate / SE"], fixed),
            "",
            _spread_table(spread, correlated=correlated),
            "",
            f"-2 log {'restricted ' if fit.method == 'reml' else ''}likelihood: {say(fit.deviance)}",
            wrapped(fit.message),
        ]
    )


def _spread_table(rows: Sequence[Sequence[str]], *, correlated: bool) -> str:
    """What varies; correlations with the effects above where there are any."""
    if not correlated:
        return aligned(["Varies", "SD"], [row[:2] for row in rows])
    widest = max(len(row[2]) for row in rows)
    return aligned(["Varies", "SD", "Correlation"], [[*row[:2], row[2].ljust(widest)] for row in rows])
