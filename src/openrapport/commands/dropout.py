"""`openrapport dropout`: the risk of leaving at each session, checked on people it has not seen."""

from __future__ import annotations

import argparse
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.dropout import DropoutRisk, dropout_risk
from openrapport.analysis.risk_calibration import RiskCalibration
from openrapport.commands import CommandError
from openrapport.commands.asked import (
    add_columns,
    add_level,
    add_split,
    begin,
    naming,
    number,
    refuse_constant,
    refuse_no_session,
    refuse_same_column,
    refuse_twice,
    whole_from,
)
from openrapport.commands.progress import progress
from openrapport.commands.results import ESTIMATE_HEADER, ESTIMATE_TYPES, estimate_rows, refuse_outputs, report
from openrapport.commands.showing import aligned, counted, estimates, facts, say, say_p, share
from openrapport.commands.tables import Columns, read_columns

_SAYS = """\
Discrete-time hazard: a logistic regression with a row for each session a client came to; --event is 1 (or yes, true)
in the row of the last session before an unplanned end, else 0 (no, false). The check says how well the predicted
risks fit people who were kept out of the fit, against always saying the base rate.
"""
_HAPPENED = {"1": 1, "yes": 1, "true": 1, "1.0": 1, "0": 0, "no": 0, "false": 0, "0.0": 0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, writes="one row for each effect")
    add_columns(parser, {"client": "who", "session": "session number", "event": "1 where the client left after it"})
    parser.add_argument("--covariates", nargs="+", default=[], metavar="COLUMN", help="what may tell")
    parser.add_argument(
        "--baseline", choices=("log", "steps"), default="log", help="how risk goes with the session (default: log)"
    )
    parser.add_argument(
        "--steps", nargs="+", type=whole_from(1), default=[], metavar="N", help="with steps: where each begins"
    )
    parser.add_argument(
        "--ridge", type=number, default=0.0, metavar="X", help="how much to shrink the covariates (default: 0)"
    )
    add_level(parser)
    add_split(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    if (args.baseline == "steps") != bool(args.steps):
        raise CommandError("--baseline steps and --steps belong together, such as --baseline steps --steps 1 2 3 6")
    covariates = {f"--covariates ({place})": name for place, name in enumerate(args.covariates, start=1)}
    given = {"--client": args.client, "--event": args.event}
    refuse_same_column(args.file, {**given, "--session": args.session})
    refuse_same_column(args.file, {**given, **covariates})
    wanted: dict[str, Any] = {
        **dict.fromkeys(args.covariates, "number"),
        args.client: "text",
        args.session: "number",
        args.event: "text",
    }
    table = read_columns(args.file, wanted, may_be_empty=[name for name in args.covariates if name != args.session])
    refuse_no_session(table, args.session)
    refuse_twice(table, args.client, args.session)
    refuse_constant(table, *args.covariates)
    with naming(args.file) as sound, progress("Estimating"):
        found: DropoutRisk = sound(
            dropout_risk(
                table[args.client].tolist(),
                table[args.session].astype(np.int64).tolist(),
                _events(table, args).tolist(),
                {name: table[name] for name in args.covariates} or None,
                baseline=args.baseline,
                steps=args.steps,
                held_out=args.held_out,
                seed=args.seed,
                ridge=args.ridge,
                level=args.level,
            )
        )
    rows = estimate_rows(list(found.hazard.coefficients.items()))
    report(args, found, _as_text(found, args.level), ESTIMATE_HEADER, ESTIMATE_TYPES, rows)
    return 0


def _events(table: Columns, args: argparse.Namespace) -> NDArray[np.int64]:
    """0 and 1; at most one event for each client, in their last row. Raises `CommandError`."""
    events = np.empty(len(table.rows), dtype=np.int64)
    left: dict[str, int] = {}
    for place, cell in enumerate(table[args.event]):
        said = _HAPPENED.get(str(cell).lower())
        if said is None:
            raise CommandError(f"{table.where(place, args.event)}: {str(cell)[:40]!r} is not 1 or 0, nor yes or no")
        events[place] = said
        if said:
            left[table[args.client][place]] = place
    for place, (client, session) in enumerate(zip(table[args.client], table[args.session], strict=True)):
        end = left.get(client)
        if end is not None and session > table[args.session][end]:
            where, row = table.where(end, args.event), table.rows[place]
            raise CommandError(f"{where}: client {str(client)[:40]!r} left here, and has a later session in row {row}")
    return events


def _as_text(found: DropoutRisk, level: float) -> str:
    hazard = found.hazard
    left_out = f"; {counted(found.dropped, 'row')} left out" if found.dropped else ""
    odds = [[name, say(_odds(each.estimate), 2)] for name, each in hazard.coefficients.items() if _is_ratio(name)]
    sessions, clients = counted(hazard.n_rows, "session"), counted(hazard.n_people, "client")
    parts = [
        f"Fitted on {sessions} of {clients}, {counted(hazard.n_events, 'unplanned end')}{left_out}",
        estimates(list(hazard.coefficients.items()), first="Log odds of leaving"),
    ]
    if odds:
        parts.append(aligned(["Times the odds of leaving", "Odds ratio"], odds))
    lines = [
        ("Base rate", f"{share(found.base_rate)} of sessions are the last before an unplanned end"),
        ("Deviance", f"{say(hazard.deviance, 2)}{f'; ridge {hazard.ridge:g}' if hazard.ridge else ''}"),
        ("Intervals", f"{level:.0%}"),
    ]
    return "\n\n".join([*parts, facts(lines), *_checked(found)])


def _is_ratio(name: str) -> bool:
    return name != "intercept" and not name.startswith("from_session_")


def _odds(log_odds: float) -> float:
    return math.exp(log_odds) if log_odds < 700 else math.inf


def _checked(found: DropoutRisk) -> list[str]:
    check = found.check
    if check is None:
        return []
    skill = "-" if check.skill is None else f"{say(check.skill, 3)}"
    curve = [[f"{group.n:,}", share(group.predicted), share(group.observed)] for group in check.curve]
    lines = [
        ("Brier score", f"{say(check.brier)}; {say(check.brier_reference)} by always saying the base rate"),
        ("Skill", f"{skill} (1 is perfect, 0 no better than the base rate)"),
        ("Calibration slope", _said(check, "slope", "1 is ideal, below it risks are too extreme")),
        ("Calibration intercept", _said(check, "intercept", "0 is ideal, below it risks are too high")),
    ]
    counts = f"{counted(check.n, 'session')}, {counted(check.n_events, 'unplanned end')}"
    return [
        f"Check on the {found.held_out:.0%} of clients held out (seed {found.seed}): {counts}",
        facts(lines),
        aligned(["Sessions, by risk", "Predicted", "Came true"], curve),
    ]


def _said(check: RiskCalibration, name: str, ideal: str) -> str:
    value = getattr(check, name)
    if hasattr(value, "reason"):
        return f"none ({value.reason})"
    return f"{say(value.estimate, 2)} ({say(value.low, 2)} to {say(value.high, 2)}, p {say_p(value.p)}); {ideal}"
