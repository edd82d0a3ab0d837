"""The people scores are judged against: estimated from the table, an instrument's norms, or given in numbers."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

from openrapport.analysis.baseline import Population, estimate_population, population_of
from openrapport.analysis.instrument import Direction
from openrapport.analysis.scan import Courses
from openrapport.commands import CommandError
from openrapport.commands.asked import instrument_named, naming, number
from openrapport.commands.score_rows import ScoreRows
from openrapport.commands.tables import TableError


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything the scores are judged by, and where it came from, in words for the report."""

    direction: Direction
    population: Population
    source: str

    @property
    def best(self) -> float | None:
        return self.population.maximum if self.direction == "higher_is_better" else self.population.minimum


def add_population_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--direction",
        choices=("higher-is-better", "lower-is-better"),
        help="which way is good (default: higher-is-better, as for an alliance)",
    )
    parser.add_argument(
        "--instrument", metavar="ID", help="take direction, scale and norms from an instrument, or from its .toml file"
    )
    parser.add_argument("--minimum", type=number, metavar="X", help="lowest possible score")
    parser.add_argument("--maximum", type=number, metavar="X", help="highest possible score")
    parser.add_argument(
        "--population",
        nargs=3,
        type=number,
        metavar=("MEAN", "BETWEEN", "WITHIN"),
        help="the people to compare with: their mean, the SD between and the SD within them (default: from the table)",
    )


def setting_of(args: argparse.Namespace, table: ScoreRows, courses: Courses) -> Setting:
    if args.instrument is not None:
        return _from_instrument(args, table)
    if args.population is not None:
        return _from_numbers(args, table)
    minimum = float(table.scores.min()) if args.minimum is None else args.minimum
    maximum = float(table.scores.max()) if args.maximum is None else args.maximum
    _refuse_outside(table, minimum, maximum)
    with naming(f"{table.file}: column {table.columns.score}") as sound:
        population = sound(estimate_population(courses.series(), minimum=minimum, maximum=maximum))
    ends = "given" if args.minimum is not None and args.maximum is not None else "lowest and highest score in the file"
    return Setting(
        _direction(args), population, f"estimated from this file (analysis of variance); ends of the scale: {ends}"
    )


def _direction(args: argparse.Namespace) -> Direction:
    return "lower_is_better" if args.direction == "lower-is-better" else "higher_is_better"


def _from_numbers(args: argparse.Namespace, table: ScoreRows) -> Setting:
    mean, between, within = args.population
    minimum = float(table.scores.min()) if args.minimum is None else args.minimum
    maximum = float(table.scores.max()) if args.maximum is None else args.maximum
    _refuse_outside(table, minimum, maximum)
    try:
        population = Population(mean, between, within, math.inf, minimum=minimum, maximum=maximum)
    except ValueError as problem:
        raise CommandError(f"--population: {problem}") from problem
    return Setting(_direction(args), population, "as given with --population; everybody goes up and down alike")


def _from_instrument(args: argparse.Namespace, table: ScoreRows) -> Setting:
    if args.direction is not None or args.minimum is not None or args.maximum is not None:
        raise CommandError("--instrument already says direction and ends; leave out --direction, --minimum, --maximum")
    if args.population is not None:
        raise CommandError("--instrument brings a population of its own; leave out --population")
    instrument = instrument_named(args.instrument)
    norms = instrument.norms_of(instrument.total.code)
    if norms is None:
        raise CommandError(f"{instrument.ref} has no norms; leave out --instrument to estimate them from the file")
    _refuse_outside(table, instrument.total.minimum, instrument.total.maximum)
    kind = "provisional norms, assumptions without data" if norms.provisional else f"norms of {norms.source}"
    return Setting(
        instrument.total.direction, population_of(instrument, instrument.total.code), f"{instrument.ref}: {kind}"
    )


def _refuse_outside(table: ScoreRows, minimum: float, maximum: float) -> None:
    outside = (table.scores < minimum) | (table.scores > maximum)
    if outside.any():
        place = int(outside.argmax())
        where = f"{table.file}: row {table.rows[place]}, column {table.columns.score}"
        raise TableError(f"{where}: {table.scores[place]:g} is not within {minimum:g} to {maximum:g}")
