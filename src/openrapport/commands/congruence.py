"""`openrapport congruence`: how alike two people see the same sessions, and what comes of it."""

from __future__ import annotations

import argparse
from typing import Any

from openrapport.analysis.congruence import congruence
from openrapport.analysis.congruence_dyads import congruence_of_dyads
from openrapport.analysis.response_surface import response_surface
from openrapport.commands import CommandError
from openrapport.commands.asked import (
    add_columns,
    add_level,
    begin,
    naming,
    number,
    refuse_constant,
    refuse_same_column,
)
from openrapport.commands.congruence_text import dyads_in_words, one_dyad_in_words, surface_in_words
from openrapport.commands.progress import progress
from openrapport.commands.results import (
    ESTIMATE_HEADER,
    ESTIMATE_TYPES,
    estimate_rows,
    refuse_outputs,
    report,
)
from openrapport.commands.tables import read_columns

DYAD_HEADER = ("dyad", "n", "bias", "tracking")
DYAD_TYPES = ("VARCHAR", "INTEGER", "DOUBLE", "DOUBLE")
_SAYS = """\
Directional bias (does one view run higher?) and temporal tracking (does it follow the other's ups and downs?), after
the truth and bias model (West & Kenny 2011). With --dyad, over many pairs. With --outcome, the response surface of
an outcome over both views; --centre is where both are zero, such as the middle of the scale.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, writes="one row for each effect (with --dyad: for each pair)")
    add_columns(parser, {"client": "the client's score", "therapist": "the therapist's score of the same session"})
    parser.add_argument("--dyad", metavar="COLUMN", help="which pair, where the table has many")
    parser.add_argument(
        "--judge", choices=("client", "therapist"), default="therapist", help="whose view is judged by the other's"
    )
    parser.add_argument("--outcome", metavar="COLUMN", help="fit a response surface for this column instead")
    parser.add_argument("--centre", nargs=2, type=number, metavar=("X", "Y"), help="with --outcome: both views' zero")
    add_level(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    if (args.outcome is None) != (args.centre is None):
        raise CommandError("--outcome and --centre belong together: the surface needs to know where zero is")
    options = {"--client": args.client, "--therapist": args.therapist, "--dyad": args.dyad, "--outcome": args.outcome}
    refuse_same_column(args.file, options)
    numbers = [args.client, args.therapist, *([] if args.outcome is None else [args.outcome])]
    wanted: dict[str, Any] = dict.fromkeys(numbers, "number")
    if args.dyad is not None:
        wanted[args.dyad] = "text"
    table = read_columns(args.file, wanted, may_be_empty=numbers)
    dyad = None if args.dyad is None else table[args.dyad].tolist()
    client, therapist = table[args.client], table[args.therapist]
    if args.outcome is not None:
        refuse_constant(table, args.client, args.therapist)
    with naming(args.file, _words(args)) as sound, progress("Estimating"):
        if args.outcome is not None:
            surface = sound(
                response_surface(
                    client, therapist, table[args.outcome], centre=tuple(args.centre), person=dyad, level=args.level
                )
            )
            rows = estimate_rows([*surface.coefficients.items(), *surface.surface.items()])
            report(args, surface, surface_in_words(surface, args), ESTIMATE_HEADER, ESTIMATE_TYPES, rows)
        elif dyad is None:
            one = sound(congruence(client, therapist, judge=args.judge, level=args.level))
            rows = estimate_rows([("bias", one.bias), ("tracking", one.tracking)])
            report(args, one, one_dyad_in_words(one), ESTIMATE_HEADER, ESTIMATE_TYPES, rows)
        else:
            many = sound(congruence_of_dyads(client, therapist, dyad, judge=args.judge, level=args.level))
            pairs = [(each.dyad, each.n, each.bias, each.tracking) for each in many.dyads]
            report(args, many, dyads_in_words(many), DYAD_HEADER, DYAD_TYPES, pairs)
    return 0


def _words(args: argparse.Namespace) -> dict[str, str]:
    """The library's names for the columns, as they are called in the table."""
    x, y = args.client, args.therapist
    terms = {"b1": x, "b2": y, "b3": f"{x} squared", "b4": f"{x} times {y}", "b5": f"{y} squared"}
    return {**{f"'{b}'": f"'{name}'" for b, name in terms.items()}, "use congruence:": "leave out --dyad:"}
