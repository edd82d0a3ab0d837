"""`openrapport goals`: goal attainment T scores from the levels that clients reached."""

from __future__ import annotations

import argparse

from openrapport.analysis.goal_attainment import HIGHEST, LOWEST, GoalAttainment, goal_attainment
from openrapport.commands.asked import add_columns, begin, naming, number, refuse_rows, refuse_same_column
from openrapport.commands.results import refuse_outputs, report
from openrapport.commands.showing import aligned, counted, say
from openrapport.commands.tables import Columns, read_columns

HEADER = ("client", "goals", "weighted_mean", "t_score")
TYPES = ("VARCHAR", "INTEGER", "DOUBLE", "DOUBLE")
_SAYS = """\
Levels run from -2 (much less than expected) over 0 (as expected) to +2. T = 50 where all goals came out as expected
(Kiresuk & Sherman 1968); --rho is the assumed correlation between a client's goals. A goal without a level is not
rated yet: it is refused, or with --leave-out left out with its weight.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, rows="one row for each goal", writes="one row for each client")
    add_columns(parser, {"client": "whose goal", "attained": "the level reached, -2 to 2"})
    parser.add_argument("--weight", metavar="COLUMN", help="how much the goal counts (default: all alike)")
    parser.add_argument("--rho", type=number, default=0.3, metavar="R", help="default: 0.3")
    parser.add_argument("--leave-out", action="store_true", help="leave out goals that are not rated yet")


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    refuse_same_column(args.file, {"--client": args.client, "--attained": args.attained, "--weight": args.weight})
    numbers = [args.attained, *([] if args.weight is None else [args.weight])]
    table = read_columns(
        args.file,
        {args.client: "text", **dict.fromkeys(numbers, "number")},
        may_be_empty=[args.attained] if args.leave_out else (),
    )
    levels = table[args.attained]
    refuse_rows(table, args.attained, (levels < LOWEST) | (levels > HIGHEST), "is no level; they run from -2 to +2")
    if args.weight is not None:
        refuse_rows(table, args.weight, table[args.weight] <= 0, "is no weight; it must be above 0")
    places: dict[str, list[int]] = {}
    rated = levels == levels
    for place, client in enumerate(table[args.client]):
        if rated[place]:
            places.setdefault(str(client), []).append(place)
    with naming(args.file) as sound:
        found = {client: sound(_attained(args, table, mine)) for client, mine in places.items()}
        if not found:
            raise ValueError(f"no goal is rated yet in column {args.attained}")
    rows = [(client, each.goals, each.weighted_mean, each.t_score) for client, each in found.items()]
    not_rated = int(len(levels) - rated.sum())
    listed = [dict(zip(HEADER, row, strict=True)) for row in rows]
    counts = {"n_clients": len(rows), "n_goals": int(rated.sum()), "left_out": not_rated}
    report(args, {"rho": args.rho, **counts, "clients": listed}, _as_text(args, rows, not_rated), HEADER, TYPES, rows)
    return 0


def _attained(args: argparse.Namespace, table: Columns, places: list[int]) -> GoalAttainment:
    weights = None if args.weight is None else table[args.weight][places].tolist()
    return goal_attainment(table[args.attained][places].tolist(), weights, args.rho)


def _as_text(args: argparse.Namespace, rows: list[tuple[str, int, float, float]], not_rated: int) -> str:
    shown = [[client, f"{goals:,}", say(mean, 2), say(t, 1)] for client, goals, mean, t in rows]
    left_out = f"; {counted(not_rated, 'goal')} not rated yet" if not_rated else ""
    return "\n\n".join(
        [
            f"{counted(len(rows), 'client')}{left_out}; T 50: as expected; correlation of goals {args.rho:g}",
            aligned(["Client", "Goals", "Weighted mean", "T"], shown),
        ]
    )
