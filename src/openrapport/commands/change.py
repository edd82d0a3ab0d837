"""`openrapport change`: reliable and clinical change of each client between two scores."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openrapport.analysis.change import CRITERION, clinical_change, reliable_change, reliable_change_threshold
from openrapport.commands import CommandError
from openrapport.commands.asked import (
    above_zero,
    add_columns,
    add_direction,
    begin,
    direction_of,
    instrument_named,
    naming,
    number,
    refuse_rows,
    refuse_same_column,
)
from openrapport.commands.progress import Tell, progress
from openrapport.commands.results import finite, refuse_outputs, report
from openrapport.commands.showing import aligned, counted, facts, say, share
from openrapport.commands.tables import Columns, read_columns

if TYPE_CHECKING:
    from openrapport.analysis.instrument import Direction

HEADER = ("client", "before", "after", "index", "verdict", "outcome")
TYPES = ("VARCHAR", "DOUBLE", "DOUBLE", "DOUBLE", "VARCHAR", "VARCHAR")
MISSING = "score_missing"
_SAYS = """\
A difference counts as reliable beyond --criterion standard errors of a difference, from the SD and the reliability
you give (Jacobson & Truax 1991) or, with --instrument, from its norms. With --cut-off, recovered means reliably
better and across it. Clients who lack a score are counted, not judged.
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """What the scores are judged by, and in words where that comes from; the ends of the scale where known."""

    sd: float
    reliability: float
    direction: Direction
    source: str
    lowest: float = -math.inf
    highest: float = math.inf


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, rows="one row for each client", writes="one row for each client")
    add_columns(parser, {"client": "who", "before": "the first score", "after": "the last score"})
    parser.add_argument("--sd", type=above_zero, metavar="X", help="SD of the scores before, in score units")
    parser.add_argument("--reliability", type=number, metavar="R", help="reliability of the score, 0 to 1")
    add_direction(parser, required=False)
    parser.add_argument("--instrument", metavar="NAME", help="take SD, reliability and direction from its norms")
    parser.add_argument("--scale", metavar="CODE", help="with --instrument: which of its scores (default: the total)")
    parser.add_argument(
        "--criterion", type=above_zero, default=CRITERION, metavar="X", help=f"in standard errors ({CRITERION})"
    )
    parser.add_argument("--cut-off", type=number, metavar="SCORE", help="between the troubled and the well")


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    refuse_same_column(args.file, {"--client": args.client, "--before": args.before, "--after": args.after})
    measure = _measure(args)
    numbers = (args.before, args.after)
    table = read_columns(args.file, {args.client: "text", **dict.fromkeys(numbers, "number")}, may_be_empty=numbers)
    for name in numbers:
        outside = (table[name] < measure.lowest) | (table[name] > measure.highest)
        refuse_rows(table, name, outside, f"is not within {measure.lowest:g} to {measure.highest:g}")
    with naming(args.file) as sound:
        threshold = sound(reliable_change_threshold(measure.sd, measure.reliability, criterion=args.criterion))
        with progress("Judging") as tell:
            rows = _judged(args, table, measure, tell)
        sound([row[3] for row in rows])
    counts = Counter(row[4] if args.cut_off is None or row[5] is None else row[5] for row in rows)
    found = {
        "n_clients": len(rows),
        "sd": measure.sd,
        "reliability": measure.reliability,
        "direction": measure.direction,
        "source": measure.source,
        "criterion": args.criterion,
        "cut_off": args.cut_off,
        "threshold": threshold,
        "counts": counts,
        "clients": [dict(zip(HEADER, row, strict=True)) for row in rows],
    }
    report(args, found, _as_text(args, measure, threshold, counts), HEADER, TYPES, rows)
    return 0


def _measure(args: argparse.Namespace) -> Measure:
    given = {"--sd": args.sd, "--reliability": args.reliability, "--direction": args.direction}
    if args.instrument is None:
        lacking = [option for option, value in given.items() if value is None]
        if lacking or args.scale is not None:
            raise CommandError(f"{', '.join(lacking) or '--scale'} missing: give all three, or --instrument")
        if not 0 <= args.reliability < 1:
            raise CommandError("--reliability lies from 0 up to, but not including, 1")
        return Measure(args.sd, args.reliability, direction_of(args), "as given")
    if any(value is not None for value in given.values()):
        raise CommandError("--instrument already says SD, reliability and direction; leave them out")
    instrument = instrument_named(args.instrument)
    code = instrument.total.code if args.scale is None else args.scale
    if code not in (codes := [scale.code for scale in instrument.scores]):
        raise CommandError(f"{instrument.ref} has no score {code!r}; there are: {', '.join(codes)}")
    norms = instrument.norms_of(code)
    if norms is None:
        raise CommandError(f"{instrument.ref} has no norms for {code}; give --sd, --reliability and --direction")
    kind = "provisional norms, assumptions without data" if norms.provisional else f"norms of {norms.source}"
    sd = math.hypot(norms.between_sd, norms.within_sd)
    scale = instrument.score(code)
    source = f"{instrument.ref}, {code}: {kind}"
    return Measure(sd, norms.reliability, scale.direction, source, scale.minimum, scale.maximum)


def _judged(args: argparse.Namespace, table: Columns, measure: Measure, tell: Tell) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    columns = (table[name].tolist() for name in (args.client, args.before, args.after))
    for done, (client, before, after) in enumerate(zip(*columns, strict=True)):
        tell(done, len(table.rows))
        if math.isnan(before) or math.isnan(after):
            rows.append((client, finite(before), finite(after), None, MISSING, None))
        else:
            rows.append((client, before, after, *_verdict(args, before, after, measure)))
    return rows


def _verdict(args: argparse.Namespace, before: float, after: float, measure: Measure) -> tuple[float, str, str | None]:
    given: dict[str, Any] = {
        "sd": measure.sd,
        "reliability": measure.reliability,
        "direction": measure.direction,
        "criterion": args.criterion,
    }
    if args.cut_off is None:
        change = reliable_change(before, after, **given)
        return change.index, change.verdict, None
    clinical = clinical_change(before, after, cut_off=args.cut_off, **given)
    return clinical.reliable.index, clinical.reliable.verdict, clinical.outcome


def _as_text(args: argparse.Namespace, measure: Measure, threshold: float, counts: Counter[str]) -> str:
    total = sum(counts.values())
    better = "higher" if measure.direction == "higher_is_better" else "lower"
    shown = [[name.replace("_", " "), f"{count:,}", share(count / total)] for name, count in counts.most_common()]
    return "\n\n".join(
        [
            f"{counted(total, 'client')}; a change of more than {say(threshold, 2)} points is reliable",
            facts(
                [
                    ("Judged by", f"SD {measure.sd:.4g}, reliability {measure.reliability:.4g}; {better} is better"),
                    ("Where from", measure.source),
                    ("Cut-off", "" if args.cut_off is None else f"{args.cut_off:g}"),
                ]
            ),
            aligned(["Result", "Clients", "Share"], shown),
        ]
    )
