"""`openrapport within-between`: what goes with what within people, and between them."""

from __future__ import annotations

import argparse
from typing import Any

from openrapport.analysis.within_between import (
    LaggedWithinBetween,
    WithinBetween,
    within_between,
    within_between_lagged,
)
from openrapport.commands import CommandError
from openrapport.commands.asked import (
    add_columns,
    add_level,
    begin,
    naming,
    refuse_constant,
    refuse_no_session,
    refuse_same_column,
    refuse_twice,
)
from openrapport.commands.progress import progress
from openrapport.commands.results import ESTIMATE_HEADER, ESTIMATE_TYPES, estimate_rows, refuse_outputs, report
from openrapport.commands.showing import counted, estimates, facts, say, share, wrapped
from openrapport.commands.tables import read_columns

_SAYS = """\
Within: when a person's own predictor is one point above their usual, how much higher is their outcome?
Between: how much higher for people whose usual predictor is one point higher? With --lag, the predictor of the
session before; in short courses that estimate is biased (Nickell 1981) and is labelled so.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, writes="one row for each effect")
    columns = {"outcome": "the score to explain", "predictor": "the score that explains", "person": "who"}
    add_columns(parser, columns)
    parser.add_argument("--lag", metavar="COLUMN", help="the session number: use the predictor of the session before")
    parser.add_argument("--carry-over", action="store_true", help="with --lag: also the outcome before")
    parser.add_argument(
        "--errors", choices=("model", "clustered"), default="model", help="standard errors (default: model)"
    )
    parser.add_argument("--method", choices=("reml", "ml"), default="reml", help="default: reml")
    add_level(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    if args.carry_over and args.lag is None:
        raise CommandError("--carry-over needs --lag and the column of the session number")
    given = {"--outcome": args.outcome, "--predictor": args.predictor, "--person": args.person, "--lag": args.lag}
    refuse_same_column(args.file, given)
    numbers = [args.outcome, args.predictor]
    wanted: dict[str, Any] = {**dict.fromkeys(numbers, "number"), args.person: "text"}
    if args.lag is not None:
        wanted[args.lag] = "number"
    table = read_columns(args.file, wanted, may_be_empty=numbers)
    y, x, person = table[args.outcome], table[args.predictor], table[args.person].tolist()
    chosen = {"errors": args.errors, "method": args.method, "level": args.level}
    lagged: LaggedWithinBetween | None = None
    refuse_constant(table, *numbers)
    words = {"x never varies": f"{args.predictor} never varies", "y never varies": f"{args.outcome} never varies"}
    with naming(args.file, words) as sound, progress("Estimating"):
        if args.lag is None:
            effects = sound(within_between(y, x, person, **chosen))
        else:
            refuse_no_session(table, args.lag, first=0)
            refuse_twice(table, args.person, args.lag)
            sessions = [int(each) for each in table[args.lag]]
            lagged = sound(within_between_lagged(y, x, person, sessions, carry_over=args.carry_over, **chosen))
            effects = lagged.effects
    named = _named(effects, lagged)
    text = _as_text(args, effects, lagged)
    report(args, effects if lagged is None else lagged, text, ESTIMATE_HEADER, ESTIMATE_TYPES, estimate_rows(named))
    return 0


def _named(effects: WithinBetween, lagged: LaggedWithinBetween | None) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [
        (name, getattr(effects, name)) for name in ("within", "between", "contextual", "intercept")
    ]
    return [*found, ("carry_over", lagged.carry_over)] if lagged and lagged.carry_over else found


_LABELS = {
    "within": "within people",
    "between": "between people",
    "contextual": "between minus within",
    "intercept": "where it is zero",
    "carry_over": "carried over",
}


def _as_text(args: argparse.Namespace, effects: WithinBetween, lagged: LaggedWithinBetween | None) -> str:
    before = "" if lagged is None else " at the session before"
    left_out = f"; {counted(effects.dropped, 'row')} left out" if effects.dropped else ""
    errors = "of the model" if effects.errors == "model" else "clustered by person"
    parts = [
        wrapped(
            f"{counted(effects.n_rows, 'row')} of {counted(effects.n_people, 'person', 'people')}{left_out}. "
            f"What one point more of {args.predictor}{before} goes with, in points of {args.outcome}:"
        ),
        estimates([(_LABELS[name], each) for name, each in _named(effects, lagged)]),
        facts(
            [
                ("SD between people", say(effects.between_sd)),
                ("SD within people", say(effects.within_sd)),
                ("Share between people", f"{share(effects.icc)} of what is left to explain (ICC)"),
                ("Reliability of means", f"{say(effects.reliability_of_means, 2)}: how well usual levels are known"),
                ("Intervals", f"{effects.level:.0%}; standard errors {errors}; {effects.method.upper()}"),
                *_said_of_lag(lagged),
            ]
        ),
    ]
    return "\n\n".join(parts)


def _said_of_lag(lagged: LaggedWithinBetween | None) -> list[tuple[str, str]]:
    if lagged is None:
        return []
    bias = "" if lagged.expected_bias is None else f"carried over comes out about {say(lagged.expected_bias, 2)} off"
    pairs = f"{lagged.sessions_per_person:.1f} for each person, of neighbouring sessions"
    return [("Pairs", pairs), ("Expected bias", bias), ("Mind", lagged.label)]
