"""All rules on one textbook population: how often each is wrong, and how often it sees a drop that is there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.baseline import Population, estimate_population
from openrapport.analysis.calibration import Calibration, TargetNotReachable, calibrate
from openrapport.analysis.detection import DetectionRate, detection_rate
from openrapport.analysis.false_alarms import FalseAlarmRate, false_alarm_rate
from openrapport.analysis.rules import Rule
from openrapport.analysis.simulate import never_changing
from openrapport.commands.rupture_rules import make_rule

# The population of the tables in the documentation: nobody changes, and scores crowd at the top of a 40-point scale.
TEXTBOOK = Population(36.5, 3.0, 2.0, math.inf, minimum=None, maximum=40.0)
TEXTBOOK_SESSIONS = 12

Numbers = Mapping[str, float | None]
# What a row is called, the rule's name on the command line, and its numbers.
Row = tuple[str, str, Numbers]
EMPIRICAL_BAYES = "empirical Bayes, z 2.326 after 4 sessions"
AS_PRINTED: Sequence[Row] = (
    ("below 36, or 1 point or more down", "point-drop", {"cut_off": 36.0, "drop": 1.0}),
    ("1 own SD (size of Strauss 2006)", "one-sd", {}),
    ("2 own SDs (size of Stiles 2004)", "two-sd", {}),
    ("1 SD, stricter of own and between (after Gumz 2012)", "stricter-sd", {"multiple": 1.0}),
    ("2 SDs, stricter of own and between (after Gumz 2012)", "stricter-sd", {"multiple": 2.0}),
    ("individuals chart, 3 sigma", "individuals", {"sigmas": 3.0}),
    ("EWMA, lambda .2, L 2.859", "ewma", {"weight": 0.2, "width": 2.859}),
    ("CUSUM, k .5, h 4", "cusum", {"allowance": 0.5, "decision": 4.0}),
    (EMPIRICAL_BAYES, "empirical-bayes", {"z": 2.326, "min_sessions": 4.0}),
)
_AFTER_ONE: Row = ("empirical Bayes, z 2.326 after 1 session", "empirical-bayes", {"z": 2.326, "min_sessions": 1.0})
# Each kind of rule once, to be set to the same share of false alarms; the number that is set is only where it starts.
TO_BE_SET: Sequence[Row] = (
    ("below 36, or points down", "point-drop", {"cut_off": 36.0, "drop": 1.0}),
    ("points down from the last score", "point-drop", {"cut_off": None, "drop": 1.0}),
    ("own SDs", "one-sd", {}),
    ("SDs, stricter of own and between", "stricter-sd", {"multiple": 1.0}),
    ("individuals chart", "individuals", {"sigmas": 3.0}),
    ("EWMA, lambda .2", "ewma", {"weight": 0.2, "width": 2.859}),
    ("CUSUM, k .5", "cusum", {"allowance": 0.5, "decision": 4.0}),
    ("empirical Bayes after 4 sessions", "empirical-bayes", {"z": 2.326, "min_sessions": 4.0}),
    ("empirical Bayes after 1 session", "empirical-bayes", {"z": 2.326, "min_sessions": 1.0}),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a table is to hold. `same_rate` is the share of false alarms every rule is set to (None: leave that out).

    `onset` is the session a one-off drop comes at; None draws it from the second to the last. A lasting drop
    comes at the same session, or, with None, after half of the course.
    """

    lengths: tuple[int, ...]
    drops: tuple[float, ...]
    onset: int | None
    same_rate: float | None
    people: int
    seed: int
    autocorrelation: float


@dataclass(frozen=True, slots=True)
class RuleRates:
    """One rule in courses of one length. `calibration` is None for a rule with the numbers in its label."""

    label: str
    rule: Rule
    sessions: int
    false_alarms: FalseAlarmRate
    seen: tuple[DetectionRate, ...]
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class NotReachable:
    """No number makes this rule flag the share asked for in courses of this length; `nearest` is the nearest share."""

    label: str
    sessions: int
    nearest: float
    says: str


@dataclass(frozen=True, slots=True)
class RateTable:
    wanted: Wanted
    as_printed: tuple[RuleRates, ...]
    same_rate: tuple[RuleRates | NotReachable, ...]


def rate_table(wanted: Wanted, *, tell: Callable[[int, int], None]) -> RateTable:
    """Simulate everything. `tell` hears how many of how many rows are done."""
    printed_rows, set_rows = (*AS_PRINTED, _AFTER_ONE), TO_BE_SET if wanted.same_rate is not None else ()
    total = len(wanted.lengths) * (len(printed_rows) + len(set_rows))
    as_printed: list[RuleRates] = []
    same_rate: list[RuleRates | NotReachable] = []
    for sessions in wanted.lengths:
        estimated = estimated_population(sessions, people=wanted.people, seed=wanted.seed)
        for label, name, numbers in printed_rows:
            as_printed.append(_rates(label, make_rule(name, numbers, estimated), sessions, wanted))
            tell(len(as_printed) + len(same_rate), total)
        for label, name, numbers in set_rows:
            same_rate.append(_set(label, make_rule(name, numbers, estimated), sessions, wanted))
            tell(len(as_printed) + len(same_rate), total)
    return RateTable(wanted, tuple(as_printed), tuple(same_rate))


def estimated_population(sessions: int, *, people: int, seed: int) -> Population:
    """The textbook population as one would estimate it from so many courses of so many sessions."""
    courses = never_changing(TEXTBOOK, sessions=sessions, people=people, rng=np.random.default_rng(seed))
    return estimate_population(list(courses), minimum=None, maximum=40.0)


def _rates(label: str, rule: Rule, sessions: int, wanted: Wanted, calibration: Calibration | None = None) -> RuleRates:
    people, seed, rho = wanted.people, wanted.seed, wanted.autocorrelation
    alarms = false_alarm_rate(rule, TEXTBOOK, sessions=sessions, people=people, seed=seed, autocorrelation=rho)
    seen = tuple(
        detection_rate(
            rule,
            TEXTBOOK,
            drop=drop,
            lasting=lasting,
            onset=_onset(wanted, sessions, lasting=lasting),
            sessions=sessions,
            people=people,
            seed=seed,
            autocorrelation=rho,
        )
        for lasting in (False, True)
        for drop in wanted.drops
    )
    return RuleRates(label, rule, sessions, alarms, seen, calibration)


def _onset(wanted: Wanted, sessions: int, *, lasting: bool) -> int | None:
    if wanted.onset is not None:
        return wanted.onset
    return sessions // 2 + 1 if lasting else None


def _set(label: str, rule: Rule, sessions: int, wanted: Wanted) -> RuleRates | NotReachable:
    assert wanted.same_rate is not None
    try:
        found = calibrate(
            rule,
            TEXTBOOK,
            wanted.same_rate,
            sessions=sessions,
            people=wanted.people,
            seed=wanted.seed,
            autocorrelation=wanted.autocorrelation,
        )
    except TargetNotReachable as problem:
        return NotReachable(label, sessions, problem.nearest[0].rate, str(problem))
    return _rates(label, found.calibrated, sessions, wanted, found)


def false_alarm_table(*, people: int, seed: int, as_json: bool = False) -> str:
    """All rules on the textbook population, as a Markdown table or JSON; rules that need a population get it as
    estimated from as many courses of that population, as one would from a file."""
    estimated = estimated_population(TEXTBOOK_SESSIONS, people=people, seed=seed)
    rates = [
        (
            label,
            false_alarm_rate(
                make_rule(name, numbers, estimated), TEXTBOOK, sessions=TEXTBOOK_SESSIONS, people=people, seed=seed
            ),
        )
        for label, name, numbers in AS_PRINTED
    ]
    ceiling = rates[-1][1].share_at_ceiling
    if as_json:
        rows = [{"label": label, "rate": one.rate, "low": one.low, "high": one.high} for label, one in rates]
        facts = {"people": people, "seed": seed, "sessions": TEXTBOOK_SESSIONS, "share_at_ceiling": ceiling}
        return json.dumps({**facts, "rules": rows}, indent=2, allow_nan=False)
    about = f"{people:,} people who never change; {TEXTBOOK_SESSIONS} sessions; {textbook_in_words()}; seed {seed}"
    lines = [about, "", "| rule | flags at least once | 95 % interval |", "|---|---|---|"]
    lines += [f"| {label} | {one.rate:.1%} | {one.low:.1%} to {one.high:.1%} |" for label, one in rates]
    lines += ["", f"Scores at the top of the scale: {ceiling:.1%}"]
    return "\n".join(lines)


def textbook_in_words() -> str:
    return (
        f"person means N({TEXTBOOK.mean:g}, {TEXTBOOK.between_sd:g}); within-person SD {TEXTBOOK.within_sd:g}; "
        f"nothing above {TEXTBOOK.maximum:g}"
    )
