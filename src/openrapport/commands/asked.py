"""What several analysis commands ask for in the same way, and how they refuse what makes no sense."""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openrapport.commands import CommandError
from openrapport.commands.results import add_output_arguments
from openrapport.commands.showing import wrapped
from openrapport.commands.tables import Columns

if TYPE_CHECKING:
    from openrapport.analysis.instrument import Direction, Instrument

_DIRECTIONS: Mapping[str, Direction] = {"higher-is-better": "higher_is_better", "lower-is-better": "lower_is_better"}
# Its square is still a number.
_LARGEST = 1e100
# Infinite on purpose: degrees of freedom of the normal distribution, weight of a variance that is known.
_MAY_BE_INFINITE = ("df", "within_df")


def begin(
    parser: argparse.ArgumentParser, says: str, *, rows: str = "one row for each session", writes: str | None = None
) -> None:
    """The file, `--json` and `--out`; below the options what the command does, before its example."""
    paragraphs = [wrapped(" ".join(part.split())) for part in says.strip().split("\n\n")]
    parser.epilog = "\n\n".join([*paragraphs, str(parser.epilog)])
    parser.add_argument("file", metavar="FILE", help=f"table with {rows}: .csv, .parquet, or - for standard input")
    add_output_arguments(parser, writes)


def add_columns(parser: argparse.ArgumentParser, columns: Mapping[str, str]) -> None:
    """A required option for each column, with what it holds."""
    for name, says in columns.items():
        parser.add_argument(f"--{name}", required=True, metavar="COLUMN", help=says)


def add_direction(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument("--direction", choices=tuple(_DIRECTIONS), required=required, help="which way is better")


def direction_of(args: argparse.Namespace) -> Direction:
    return _DIRECTIONS[args.direction]


def add_level(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", type=inside, default=0.95, metavar="SHARE", help="of the intervals (default: 0.95)")


def add_seed(parser: argparse.ArgumentParser, of: str) -> None:
    parser.add_argument("--seed", type=whole_from(0), default=1, metavar="N", help=f"seed of {of} (default: 1)")


def add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--held-out", type=inside, default=0.3, metavar="SHARE", help="of people kept for the check (default: 0.3)"
    )
    add_seed(parser, "the split")


def number(text: str) -> float:
    value = _float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    if abs(value) > _LARGEST:
        raise argparse.ArgumentTypeError(f"{text} is too large to compute with")
    return value


def above_zero(text: str) -> float:
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
    return value


def inside(text: str) -> float:
    value = number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"lies between 0 and 1, such as 0.95, not {text}")
    return value


def whole_from(lowest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(f"takes a whole number from {lowest} on, not {text!r}")
        return int(text)

    return read


def _float(text: str) -> float:
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def refuse_same_column(file: str, columns: Mapping[str, str | None]) -> None:
    """Each option another column. Raises `CommandError`."""
    seen: dict[str, str] = {}
    for option, column in columns.items():
        if column is not None and column in seen:
            raise CommandError(f"{file}: {seen[column]} and {option} both name the column {column!r}")
        if column is not None:
            seen[column] = option


def refuse_rows(table: Columns, name: str, wrong: Any, says: str) -> None:
    """Refuse a column whose cells are `wrong` (an array of yes and no), by its first such cell."""
    places = np.flatnonzero(wrong)
    if len(places):
        raise CommandError(f"{table.where(int(places[0]), name)}: {table[name][places[0]]:g} {says}")


def refuse_constant(table: Columns, *names: str) -> None:
    """Refuse a number column that says the same in every row where it says anything. Raises `CommandError`."""
    for name in names:
        given = table[name][~np.isnan(table[name])]
        if len(given) > 1 and np.ptp(given) == 0:
            raise CommandError(f"{table.file}: column {name}: {given[0]:g} in every row; leave it out")


def refuse_no_session(table: Columns, name: str, *, first: int = 1) -> None:
    numbers = table[name]
    says = f"is no session number: those are whole and count from {first}"
    refuse_rows(table, name, (numbers != np.round(numbers)) | (numbers < first) | (numbers >= 2**31), says)


def refuse_twice(table: Columns, client: str, session: str) -> None:
    """Refuse a client who has a session a second time. Raises `CommandError` with both rows."""
    seen: dict[tuple[str, float], int] = {}
    for place, key in enumerate(zip(table[client], table[session].tolist(), strict=True)):
        before = seen.setdefault(key, place)
        if before != place:
            who = f"client {str(key[0])[:40]!r} has session {key[1]:g} already in row {table.rows[before]}"
            raise CommandError(f"{table.where(place, session)}: {who}")


def instrument_named(name: str) -> Instrument:
    """The shipped instrument of that name ("alliance-adult" or "alliance-adult@1") or of a .toml file."""
    from pathlib import Path

    from openrapport.analysis.catalogue import UnknownInstrument, get_by_ref, get_instrument
    from openrapport.analysis.instrument import InstrumentError
    from openrapport.analysis.instrument_file import load_instrument

    try:
        if name.endswith(".toml"):
            return load_instrument(Path(name))
        return get_by_ref(name) if "@" in name else get_instrument(name)
    except (InstrumentError, UnknownInstrument) as problem:
        raise CommandError(str(problem)) from problem
    except OSError as problem:
        raise CommandError(f"{name}: cannot be read ({problem.strerror})") from problem


@contextmanager
def naming(file: str, words: Mapping[str, str] | None = None) -> Iterator[Callable[[Any], Any]]:
    """What the library refuses, said with the file's name, and in the command line's `words` for the library's.

    The function given refuses a result that is no number.
    """
    try:
        # What overflows on the way to a result that stands needs no warning; a result that does not stand is refused.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            yield _refuse_no_number
    except (ValueError, ArithmeticError) as problem:
        said = _TOO_FAR_APART if isinstance(problem, ArithmeticError) else str(problem)
        for library, ours in (words or {}).items():
            said = said.replace(library, ours)
        raise CommandError(f"{file}: {' '.join(said.split())}") from problem


_TOO_FAR_APART = "the numbers are too large, or too far apart, to compute with; give them in other units"


def _refuse_no_number(result: Any) -> Any:
    if _has_no_number(result, ""):
        raise ValueError(_TOO_FAR_APART)
    return result


def _has_no_number(value: Any, name: str) -> bool:
    if is_dataclass(value) and not isinstance(value, type):
        return any(_has_no_number(getattr(value, field.name), field.name) for field in fields(value))
    if isinstance(value, Mapping):
        return any(_has_no_number(each, str(key)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return any(_has_no_number(each, name) for each in value)
    if isinstance(value, float):
        return math.isnan(value) or (math.isinf(value) and name not in _MAY_BE_INFINITE)
    return False
