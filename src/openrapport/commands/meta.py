"""`openrapport meta`: correlations of several studies put together."""

from __future__ import annotations

import argparse
from typing import Any

from openrapport.analysis.meta import MetaAnalysis, NestedMetaAnalysis, meta, meta3, r_to_d
from openrapport.commands import CommandError
from openrapport.commands.asked import add_columns, add_level, begin, naming, refuse_rows, refuse_same_column
from openrapport.commands.progress import progress
from openrapport.commands.results import plain, refuse_outputs, report
from openrapport.commands.showing import between, counted, facts, say, say_p
from openrapport.commands.tables import read_columns

_SAYS = """\
Correlations are averaged as Fisher's z with random effects and turned back. With --study, several correlations of one
study are a level of their own (three-level REML).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    begin(parser, _SAYS, rows="one row for each correlation")
    add_columns(parser, {"r": "the correlation", "n": "how many people it rests on"})
    parser.add_argument("--study", metavar="COLUMN", help="which study, where some give several correlations")
    parser.add_argument("--method", choices=("dl", "reml"), default="reml", help="default: reml")
    parser.add_argument("--knapp-hartung", action="store_true", help="intervals after Hartung & Knapp (2001)")
    add_level(parser)


def run(args: argparse.Namespace) -> int:
    refuse_outputs(args)
    if args.study is not None and (args.method != "reml" or args.knapp_hartung):
        raise CommandError("--study fits three levels by REML; leave out --method dl and --knapp-hartung")
    refuse_same_column(args.file, {"--r": args.r, "--n": args.n, "--study": args.study})
    names = [args.r, args.n, *([] if args.study is None else [args.study])]
    table = read_columns(args.file, {name: "text" if name == args.study else "number" for name in names})
    refuse_rows(table, args.r, abs(table[args.r]) >= 1, "is no correlation between -1 and 1, both excluded")
    refuse_rows(table, args.n, table[args.n] <= 3, "is too few: Fisher's z needs more than 3 people")
    with naming(args.file, {"use `meta`": "leave out --study"}) as sound, progress("Pooling"):
        found: Any
        if args.study is None:
            found = meta(table[args.r], table[args.n], args.method, knapp_hartung=args.knapp_hartung, level=args.level)
            text = _in_words(sound(found))
        else:
            found = meta3(table[args.r], table[args.n], table[args.study].tolist(), level=args.level)
            text = _nested_in_words(sound(found))
        d = r_to_d(found.estimate)
    report(args, {**plain(found), "d": d}, text)
    return 0


def _pooled(found: MetaAnalysis | NestedMetaAnalysis) -> list[tuple[str, str]]:
    beyond = ", the prediction interval" if found.prediction_low is not None else ""
    ahead = f"{between(found.prediction_low, found.prediction_high, 3)}{beyond}" if beyond else ""
    return [
        ("Pooled r", f"{say(found.estimate, 3)} ({found.level:.0%} interval {between(found.low, found.high, 3)})"),
        ("As a difference", f"d {say(r_to_d(found.estimate), 3)}"),
        ("Fisher's z", f"{say(found.z)}, SE {say(found.se)}, p {say_p(found.p)}"),
        ("A further study", ahead),
    ]


def _in_words(found: MetaAnalysis) -> str:
    ends = f"{found.level:.0%} interval {between(found.tau2_low, found.tau2_high)}"
    by = "DerSimonian & Laird" if found.method == "dl" else "REML"
    interval = f"Hartung & Knapp, t with {found.df} degrees of freedom" if found.knapp_hartung else "normal"
    return "\n\n".join(
        [
            f"{counted(found.k, 'study', 'studies')}, {found.n:,.0f} people",
            facts(
                [
                    *_pooled(found),
                    ("Between studies", f"variance (tau2) {say(found.tau2)}, {ends}; by {by}"),
                    ("Beyond sampling", f"{found.i2:.1f}% of the spread (I2)"),
                    ("Same r everywhere", f"Q {say(found.q, 2)} with {found.q_df} df, p {say_p(found.q_p)}"),
                    ("Interval", interval),
                    ("Mind", found.message),
                ]
            ),
        ]
    )


def _nested_in_words(found: NestedMetaAnalysis) -> str:
    return "\n\n".join(
        [
            f"{counted(found.k, 'correlation')} of {counted(found.studies, 'study', 'studies')}, {found.n:,.0f} people",
            facts(
                [
                    *_pooled(found),
                    ("Between studies", f"variance {say(found.tau2_between)}, {found.i2_between:.1f}% of the spread"),
                    ("Within studies", f"variance {say(found.tau2_within)}, {found.i2_within:.1f}% of the spread"),
                    ("Same r everywhere", f"Q {say(found.q, 2)} with {found.q_df} df, p {say_p(found.q_p)}"),
                    ("Method", "REML, three levels; normal interval"),
                    ("Mind", found.message),
                ]
            ),
        ]
    )
