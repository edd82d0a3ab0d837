"""`openrapport reliability`: how consistently the items of a scale measure one thing."""

from __future__ import annotations

import argparse

import numpy as np

from openrapport.analysis.bootstrap import FEWEST_SAMPLES, Bootstrap
from openrapport.analysis.reliability import Alpha, Missing, Omega, alpha, omega
from openrapport.commands import CommandError
from openrapport.commands.asked import add_level, add_seed, begin, naming, refuse_rows, refuse_same_column, whole_from
from openrapport.commands.progress import Tell, progress
from openrapport.commands.results import refuse_outputs, report
from openrapport.commands.showing import aligned, between, counted, facts, say, say_p
from openrapport.commands.tables import Columns, read_columns

HEADER = ("item", "item_rest", "alpha_without", "loading", "uniqueness")
TYPES = ("VARCHAR", *("DOUBLE",) * 4)
FEWEST_FOR_OMEGA = 3
_SAYS = """\
Cronbach's alpha, and McDonald's omega from one factor fitted by maximum likelihood, with intervals. Two items give
alpha only. Turn reversed items round first. Rows with a missing answer are refused unless --leave-out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, rows="one row for each check-in", writes="one row for each item")
    parser.add_argument("--items", required=True, nargs="+", metavar="COLUMN", help="the items of one scale")
    parser.add_argument("--leave-out", action="store_true", help="leave out rows with a missing answer")
    parser.add_argument(
        "--bootstrap", type=whole_from(FEWEST_SAMPLES), metavar="SAMPLES", help="also intervals by bootstrap"
    )
    add_seed(parser, "the bootstrap")
    add_level(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    refuse_same_column(args.file, {f"--items ({place})": name for place, name in enumerate(args.items, start=1)})
    if len(args.items) < 2:
        raise CommandError("--items takes at least two columns: one item alone has no consistency")
    table = _table(args)
    items = np.column_stack([table[name] for name in args.items])
    missing: Missing = "leave_out" if args.leave_out else "refuse"
    seed = None if args.bootstrap is None else args.seed
    with naming(args.file) as sound, progress("Drawing people again" if args.bootstrap else "Estimating") as tell:
        first: Alpha = sound(
            alpha(items, level=args.level, missing=missing, samples=args.bootstrap, seed=seed, tell=_half(tell, 0))
        )
        second: Omega | None = None
        if len(args.items) >= FEWEST_FOR_OMEGA:
            second = sound(
                omega(items, level=args.level, missing=missing, samples=args.bootstrap, seed=seed, tell=_half(tell, 1))
            )
    rows = [_row(place, name, first, second) for place, name in enumerate(args.items)]
    found = {"items": args.items, "alpha": first, "omega": second}
    report(args, found, _as_text(args, first, second, rows), HEADER, TYPES, rows)
    return 0


def _half(tell: Tell, part: int) -> Tell:
    """Alpha is the first half of the work, omega the second."""
    return lambda done, total: tell(part * total + done, 2 * total)


def _table(args: argparse.Namespace) -> Columns:
    table = read_columns(
        args.file, dict.fromkeys(args.items, "number"), may_be_empty=args.items if args.leave_out else ()
    )
    whole = ~np.isnan(np.column_stack([table[name] for name in args.items])).any(axis=1)
    for name in args.items:
        answers = table[name][whole]
        if len(answers) > 1 and np.ptp(answers) == 0:
            raise CommandError(f"{table.file}: column {name}: {answers[0]:g} in every row; leave the item out")
        refuse_rows(table, name, np.abs(table[name]) > _LARGEST_ANSWER, "is no answer to an item")
    return table


# Beyond it squares lose what tells answers apart.
_LARGEST_ANSWER = 1e9
_Row = tuple[str, float, float | None, float | None, float | None]


def _row(place: int, name: str, first: Alpha, second: Omega | None) -> _Row:
    without = None if first.without_item is None else first.without_item[place]
    loading, own = (None, None) if second is None else (second.loadings[place], second.uniquenesses[place])
    return name, first.item_rest[place], without, loading, own


def _as_text(args: argparse.Namespace, first: Alpha, second: Omega | None, rows: list[_Row]) -> str:
    left_out = f"; {counted(first.left_out, 'row')} left out" if first.left_out else ""
    lines = [
        ("Alpha", f"{_interval(first)}; {first.interval}"),
        ("  by bootstrap", _bootstrap(first.bootstrap)),
        ("  of equal items", say(first.standardized, 3)),
        ("Mean correlation", f"{say(first.mean_correlation, 3)} between items"),
    ]
    if second is not None:
        lines += [
            ("Omega", f"{_interval(second)}; {second.interval}"),
            ("  by bootstrap", _bootstrap(second.bootstrap)),
            ("One factor", _one_factor(second)),
            ("Mind", second.message),
        ]
    else:
        lines += [("Omega", "needs three items"), ("Mind", first.message)]
    shown = [[name, *(say(value, 3) for value in values)] for name, *values in rows]
    return "\n\n".join(
        [
            f"{counted(len(args.items), 'item')}, {counted(first.n, 'row')}{left_out}",
            facts(lines),
            aligned(["Item", "With the rest", "Alpha without", "Loading", "Own variance"], shown),
        ]
    )


def _interval(found: Alpha | Omega) -> str:
    if found.low is None:
        return f"{say(found.estimate, 3)}, no interval by formula"
    return f"{say(found.estimate, 3)} ({found.level:.0%} interval {between(found.low, found.high, 3)})"


def _bootstrap(found: Bootstrap | None) -> str:
    return "" if found is None else f"{between(found.low, found.high, 3)}, {found.samples:,} samples, seed {found.seed}"


def _one_factor(found: Omega) -> str:
    if found.chi_square is None:
        return "always fits three items"
    return f"chi-square {say(found.chi_square, 2)} with {found.df} df, p {say_p(found.p)} if one is enough"
