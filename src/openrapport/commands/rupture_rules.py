"""The rules by the names the command line uses, and the numbers each takes."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from openrapport.analysis.baseline import Population
from openrapport.analysis.predictive_rules import Cusum, EmpiricalBayes, Ewma
from openrapport.analysis.rules import Individuals, OwnSd, PointDrop, Rule, StricterSd
from openrapport.commands import CommandError

DEFAULT_RULE = "empirical-bayes"
# More simulated people than that tell nothing more, and do not fit into memory.
MOST_PEOPLE = 10_000_000


@dataclass(frozen=True, slots=True)
class RuleWord:
    """One rule of the command line: what it says in words, the options it takes and their statistical defaults.

    None means no default: the number is a clinical choice and has to be given. `needs` is what it must know besides
    the scores; `looks_back` is True where it can judge only when the course is over.
    """

    says: str
    options: Mapping[str, float | None]
    needs: str
    looks_back: bool = False


_PEOPLE = "a population: mean, SD between and within people"
RULES: Mapping[str, RuleWord] = {
    "empirical-bayes": RuleWord(
        "more than --z predictive SDs worse than expected from the client's earlier scores (at least --min-sessions)",
        {"z": 2.326, "min_sessions": 4},
        _PEOPLE,
    ),
    "point-drop": RuleWord(
        "beyond --cut-off, or --drop points or more worse than the last score; give one or both",
        {"cut_off": None, "drop": None},
        "a cut-off, a number of points, or both",
    ),
    "one-sd": RuleWord(
        "1 of the client's own SDs or more worse than their own mean; looks back", {}, "the whole course", True
    ),
    "two-sd": RuleWord(
        "2 of the client's own SDs or more worse than their own mean; looks back", {}, "the whole course", True
    ),
    "stricter-sd": RuleWord(
        "--multiple of the larger of own SD and SD between clients, or more, worse than their own mean; looks back",
        {"multiple": None},
        "the whole course, the SD between people, a multiple",
        True,
    ),
    "individuals": RuleWord(
        "beyond --sigmas limits of an individuals chart (XmR) of the whole course; looks back",
        {"sigmas": 3.0},
        "the whole course",
        True,
    ),
    "ewma": RuleWord(
        "a weighted average of the latest surprises (--weight) beyond --width SDs: smaller drops that last",
        {"weight": 0.2, "width": 2.859},
        _PEOPLE,
    ),
    "cusum": RuleWord(
        "surprises beyond --allowance SDs add up past --decision: a slow slide",
        {"allowance": 0.5, "decision": 4.0},
        _PEOPLE,
    ),
}

_OPTIONS = {
    "cut_off": "point-drop: the score beyond which a score counts as a rupture",
    "drop": "point-drop: points from one score to the next",
    "multiple": "stricter-sd: 1 or 2 are the sizes in print",
    "z": "empirical-bayes: predictive SDs (default: 2.326, 1 %% on one side of a normal distribution)",
    "min_sessions": "empirical-bayes: earlier scores needed before it judges (default: 4)",
    "sigmas": "individuals: limits (default: 3)",
    "weight": "ewma: lambda (default: 0.2)",
    "width": "ewma: L (default: 2.859; with 0.2 one false alarm in 370 scores, both sides)",
    "allowance": "cusum: k (default: 0.5)",
    "decision": "cusum: h (default: 4)",
}


def add_rule_arguments(parser: argparse.ArgumentParser) -> None:
    for name, words in _OPTIONS.items():
        kind = int if name == "min_sessions" else float
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="X", help=words)


def build_rule(args: argparse.Namespace, population: Population) -> Rule:
    """The rule the arguments ask for. Raises `CommandError` for a number that is missing, out of place or senseless."""
    word = RULES[args.rule]
    for name in _OPTIONS:
        if getattr(args, name) is not None and name not in word.options:
            raise CommandError(f"{_option(name)} does not belong to the rule {args.rule}")
    if lacking := _lacking(args, args.rule):
        raise CommandError(f"The rule {args.rule} needs {lacking}: that number is a clinical choice and has no default")
    return _built(args, args.rule, population)


def build_every_rule(args: argparse.Namespace, population: Population) -> tuple[dict[str, Rule], dict[str, str]]:
    """All rules there are numbers for, and for the others the options they lack. Raises `CommandError`."""
    lacking = {name: options for name in RULES if (options := _lacking(args, name))}
    return {name: _built(args, name, population) for name in RULES if name not in lacking}, lacking


def _lacking(args: argparse.Namespace, rule: str) -> str:
    """The options of which the rule needs one, when none was given; otherwise nothing."""
    given = _numbers(args, rule)
    return " or ".join(map(_option, given)) if given and all(value is None for value in given.values()) else ""


def _numbers(args: argparse.Namespace, rule: str) -> dict[str, float | None]:
    return {
        name: default if getattr(args, name) is None else getattr(args, name)
        for name, default in RULES[rule].options.items()
    }


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _built(args: argparse.Namespace, rule: str, population: Population) -> Rule:
    given = _numbers(args, rule)
    for name, value in given.items():
        if name != "cut_off" and value is not None and not 0 < value < math.inf:
            raise CommandError(f"{_option(name)} must be above 0")
        if name == "cut_off" and value is not None and not math.isfinite(value):
            raise CommandError("--cut-off must be a number")
    if (given.get("weight") or 0) > 1:
        raise CommandError("--weight must be at most 1")
    return make_rule(rule, given, population)


def make_rule(name: str, numbers: Mapping[str, float | None], population: Population) -> Rule:
    """A rule from its command-line name and numbers. Raises KeyError for an unknown name."""

    def number(key: str) -> float:
        value = numbers[key]
        if value is None:
            raise ValueError(f"{name} needs {key}")
        return value

    makers: dict[str, Callable[[], Rule]] = {
        "empirical-bayes": lambda: EmpiricalBayes(population, number("z"), int(number("min_sessions"))),
        "point-drop": lambda: PointDrop(cut_off=numbers["cut_off"], drop=numbers["drop"]),
        "one-sd": lambda: OwnSd(1.0),
        "two-sd": lambda: OwnSd(2.0),
        "stricter-sd": lambda: StricterSd(number("multiple"), population.between_sd),
        "individuals": lambda: Individuals(number("sigmas")),
        "ewma": lambda: Ewma(population, number("weight"), number("width")),
        "cusum": lambda: Cusum(population, number("allowance"), number("decision")),
    }
    return makers[name]()
