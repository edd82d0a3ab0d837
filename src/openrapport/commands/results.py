"""Results as programs read them: one JSON object with the result's own field names, or rows in a file."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.commands import CommandError
from openrapport.commands.tables import DASH, Cell, refuse_output, write_csv, write_table

ESTIMATE_HEADER = ("name", "estimate", "se", "low", "high", "df", "p")
ESTIMATE_TYPES = ("VARCHAR", *("DOUBLE",) * 6)


def add_output_arguments(parser: argparse.ArgumentParser, writes: str | None) -> None:
    """`--json`, and `--out` where the result has rows; `writes` says what a row is."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    if writes is not None:
        parser.add_argument(
            "--out", metavar="FILE", help=f"write {writes}: .csv, .parquet, or - for CSV on standard output"
        )


def refuse_outputs(args: argparse.Namespace) -> None:
    """Before anything is computed: two outputs in one place, a file that cannot be written. Raises `CommandError`."""
    out = getattr(args, "out", None)
    if args.json and out == DASH:
        raise CommandError("--json and --out - both print to standard output: choose one, or name a file")
    refuse_output(out, getattr(args, "file", None))


def plain(value: Any) -> Any:
    """A result made of what JSON knows. What is not a finite number becomes null; names stay as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)


def print_json(value: Any) -> None:
    print(json.dumps(plain(value), ensure_ascii=False, allow_nan=False))


def report(
    args: argparse.Namespace,
    as_object: Any,
    as_text: str,
    header: Sequence[str] = (),
    types: Sequence[str] = (),
    rows: Sequence[Sequence[Cell]] = (),
) -> None:
    """Rows where `--out` says, then JSON or text; the text gives way to rows on standard output."""
    out = getattr(args, "out", None)
    if out == DASH:
        write_csv(sys.stdout, header, rows)
    elif out is not None:
        write_table(Path(out), header, types, rows)
    if args.json:
        print_json(as_object)
    elif out != DASH:
        written = f"\n\n{len(rows):,} rows written to {out}" if out is not None else ""
        print(f"{as_text}{written}")


def estimate_rows(found: Sequence[tuple[str, Any]]) -> list[tuple[Cell, ...]]:
    """Estimates by name as rows of `ESTIMATE_HEADER`; no numbers for those that could not be had."""
    return [(name, *(finite(getattr(each, field, None)) for field in ESTIMATE_HEADER[1:])) for name, each in found]


def finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)
