"""`openrapport therapists`: how much outcomes differ between therapists, with every estimate drawn towards the mean."""

from __future__ import annotations

import argparse

from openrapport.analysis.therapist_effects import TherapistEffects, therapist_effects
from openrapport.commands.asked import add_columns, add_level, begin, naming, refuse_constant, refuse_same_column
from openrapport.commands.progress import progress
from openrapport.commands.results import refuse_outputs, report
from openrapport.commands.showing import aligned, counted, estimates, facts, say, say_p, share
from openrapport.commands.tables import read_columns

HEADER = ("therapist", "n_clients", "raw", "shrinkage", "estimate", "se", "low", "high")
TYPES = ("VARCHAR", "INTEGER", *("DOUBLE",) * 6)
_SAYS = """\
The share of outcome variance that lies between therapists (about 5 % is usual: Johns et al. 2019). The estimates of
single therapists are shrunken and uncertain; intervals that overlap do not rank anybody.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, rows="one row for each client", writes="one row for each therapist")
    add_columns(parser, {"outcome": "the client's outcome", "therapist": "whom the client saw"})
    parser.add_argument(
        "--covariates", nargs="+", default=[], metavar="COLUMN", help="what to hold equal, such as intake"
    )
    parser.add_argument("--method", choices=("reml", "ml"), default="reml", help="default: reml")
    add_level(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    covariates = {f"--covariates ({place})": name for place, name in enumerate(args.covariates, start=1)}
    refuse_same_column(args.file, {"--outcome": args.outcome, "--therapist": args.therapist, **covariates})
    numbers = [args.outcome, *args.covariates]
    table = read_columns(args.file, {**dict.fromkeys(numbers, "number"), args.therapist: "text"}, may_be_empty=numbers)
    refuse_constant(table, *numbers)
    with naming(args.file) as sound, progress("Estimating"):
        found: TherapistEffects = sound(
            therapist_effects(
                table[args.outcome],
                table[args.therapist].tolist(),
                {name: table[name] for name in args.covariates} or None,
                method=args.method,
                level=args.level,
            )
        )
    rows = [tuple(getattr(each, name) for name in HEADER) for each in found.therapists]
    report(args, found, _as_text(found), HEADER, TYPES, rows)
    return 0


def _as_text(found: TherapistEffects) -> str:
    left_out = f"; {counted(found.dropped, 'row')} left out" if found.dropped else ""
    nobody = "; these clients cannot tell therapists apart" if found.boundary else ""
    ends = f"{found.level:.0%} interval {share(found.icc_low)} to {share(found.icc_high)}"
    each = [
        [one.therapist, f"{one.n_clients:,}", say(one.raw, 2), say(one.estimate, 2), say(one.low, 2), say(one.high, 2)]
        for one in sorted(found.therapists, key=lambda one: str(one.therapist))
    ]
    return "\n\n".join(
        [
            f"{counted(found.n_clients, 'client')} of {counted(found.n_therapists, 'therapist')}{left_out}",
            facts(
                [
                    ("Share between therapists", f"{share(found.icc)} (ICC; {ends}){nobody}"),
                    ("No difference at all", f"p {say_p(found.p_no_effect)} (likelihood ratio)"),
                    ("SD between therapists", say(found.between_sd)),
                    ("SD within therapists", say(found.within_sd)),
                    ("Method", found.method.upper()),
                ]
            ),
            estimates(list(found.fixed.items()), first="Everybody"),
            aligned(["Therapist", "Clients", "Raw", "Shrunken", "Low", "High"], each),
            f"Points from what is expected; Low and High: {found.level:.0%} interval of the shrunken estimate.",
        ]
    )
