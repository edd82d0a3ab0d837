"""`openrapport report`: everything one table of session scores tells, as one page to read, print or send."""

from __future__ import annotations

import argparse
from pathlib import Path

from openrapport.analysis.change import CRITERION
from openrapport.commands import CommandError
from openrapport.commands.asked import above_zero, inside, number, whole_from
from openrapport.commands.populations import add_population_arguments
from openrapport.commands.report_findings import find
from openrapport.commands.report_table import read_report_table
from openrapport.commands.results import print_json
from openrapport.commands.rupture_rules import DEFAULT_RULE, RULES, add_rule_arguments
from openrapport.commands.score_rows import add_score_arguments
from openrapport.commands.showing import wrapped
from openrapport.commands.tables import DASH

_SAYS = """\
One HTML file with tables and pictures inside: a summary of the data and the share of scores at the best end, a growth
curve, the course to expect with its band, the ruptures a rule finds and how often that rule is wrong; with --sd and
--reliability who changed reliably from first to last score; with --event the risk of leaving. It loads nothing from
anywhere, and holds what your client column holds: keep it as safe as the table.

`./openrapport rules` lists what --rule takes, with the numbers of each.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    paragraphs = [wrapped(" ".join(part.split())) for part in _SAYS.split("\n\n")]
    parser.epilog = "\n\n".join([*paragraphs, str(parser.epilog)])
    add_score_arguments(parser)
    parser.add_argument("--out", metavar="FILE", help="the page to write: a name that ends in .html, or -")
    parser.add_argument("--title", metavar="TEXT", help="heading of the page (default: the name of the table)")
    add_population_arguments(parser)
    _add_model_arguments(parser)
    parser.add_argument(
        "--rule", choices=tuple(RULES), default=DEFAULT_RULE, metavar="RULE", help=f"default: {DEFAULT_RULE}"
    )
    add_rule_arguments(parser)
    parser.add_argument(
        "--people", type=whole_from(1), default=20_000, metavar="N", help="simulated for the rate (default: 20000)"
    )
    parser.add_argument("--seed", type=whole_from(0), default=1, metavar="N", help="of whatever is drawn (default: 1)")
    parser.add_argument("--json", action="store_true", help="print the page's numbers as one JSON object, too")


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time", choices=("log", "linear"), default="log", help="how scores grow with the session (default: log)"
    )
    parser.add_argument("--intake", metavar="COLUMN", help="score before the first session: the expected band uses it")
    parser.add_argument(
        "--coverage", type=inside, default=0.8, metavar="SHARE", help="of scores within the band (default: 0.8)"
    )
    parser.add_argument("--sd", type=above_zero, metavar="X", help="for reliable change: SD of the score")
    parser.add_argument("--reliability", type=number, metavar="R", help="for reliable change: reliability of the score")
    parser.add_argument(
        "--criterion", type=above_zero, default=CRITERION, metavar="X", help=f"of reliable change ({CRITERION})"
    )
    parser.add_argument("--event", metavar="COLUMN", help="1 in the last row before an unplanned end, else 0")
    parser.add_argument(
        "--held-out", type=inside, default=0.3, metavar="SHARE", help="of clients, to check the risk (default: 0.3)"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 when the page was written. Raises `CommandError` on a table or an option it cannot use."""
    from openrapport.commands.report_page import as_page

    _refuse(args)
    table = read_report_table(args)
    found = find(args, table)
    try:
        page = as_page(found, table, title=args.title or f"Report on {Path(table.rows.file).name}")
    except ModuleNotFoundError as missing:
        raise CommandError(str(missing)) from None
    if args.out == DASH:
        print(page, end="")
        return 0
    _write(Path(args.out), page)
    if args.json:
        print_json(found)
    else:
        print(f"{args.out}: written; open it in a browser")
    return 0


def _refuse(args: argparse.Namespace) -> None:
    missing = [f"--{name}" for name in ("client", "session", "score", "out") if getattr(args, name) is None]
    if args.file is None:
        raise CommandError("Which table? ./openrapport report FILE --client ID --session N --score S --out report.html")
    if missing:
        raise CommandError(f"{args.file}: {' '.join(missing)} missing")
    if args.out == DASH and args.json:
        raise CommandError("--json and --out - both print to standard output: choose one, or name a file")
    if args.out != DASH and args.file != DASH and Path(args.out).resolve() == Path(args.file).resolve():
        raise CommandError(f"{args.out}: --out would overwrite the table it reads")
    if args.out != DASH and Path(args.out).suffix.lower() not in (".html", ".htm"):
        raise CommandError(f"{args.out}: the page to write must end in .html")
    if (args.sd is None) != (args.reliability is None):
        raise CommandError("--sd and --reliability belong together: both say what a reliable change is")
    if args.reliability is not None and not 0 <= args.reliability < 1:
        raise CommandError("--reliability lies from 0 up to, but not including, 1")


def _write(path: Path, page: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        raise CommandError(f"{path}: cannot be written ({problem.strerror})") from problem
    finally:
        part.unlink(missing_ok=True)
