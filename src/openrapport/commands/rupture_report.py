"""What `openrapport ruptures` found: in words, as JSON, as rows; and the table of all rules' false-alarm rates."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from openrapport.analysis.baseline import Population, estimate_population
from openrapport.analysis.false_alarms import FalseAlarmRate, false_alarm_rate
from openrapport.analysis.instrument import Direction
from openrapport.analysis.rules import Parameters
from openrapport.analysis.scan import Scan
from openrapport.analysis.simulate import never_changing
from openrapport.commands.rupture_rules import make_rule
from openrapport.commands.tables import Cell

EPISODE_COLUMNS = (
    "client",
    "onset_session",
    "onset_score",
    "expected_score",
    "limit",
    "statistic",
    "worst_score",
    "depth",
    "sessions_in_rupture",
    "recovered",
    "recovered_session",
    "pattern",
)
EPISODE_TYPES = (
    "VARCHAR",
    *("DOUBLE",) * 7,
    "INTEGER",
    "BOOLEAN",
    "DOUBLE",
    "VARCHAR",
)

# The population of the table in the documentation: nobody changes, and scores crowd at the top of a 40-point scale.
TEXTBOOK = Population(36.5, 3.0, 2.0, math.inf, minimum=None, maximum=40.0)
TEXTBOOK_SESSIONS = 12
_TABLE: Sequence[tuple[str, str, dict[str, float | None]]] = (
    ("below 36, or 1 point or more down", "point-drop", {"cut_off": 36.0, "drop": 1.0}),
    ("1 own SD (size of Strauss 2006)", "one-sd", {}),
    ("2 own SDs (size of Stiles 2004)", "two-sd", {}),
    ("1 SD, stricter of own and between (after Gumz 2012)", "stricter-sd", {"multiple": 1.0}),
    ("2 SDs, stricter of own and between (after Gumz 2012)", "stricter-sd", {"multiple": 2.0}),
    ("individuals chart, 3 sigma", "individuals", {"sigmas": 3.0}),
    ("EWMA, lambda .2, L 2.859", "ewma", {"weight": 0.2, "width": 2.859}),
    ("CUSUM, k .5, h 4", "cusum", {"allowance": 0.5, "decision": 4.0}),
    ("empirical Bayes, z 2.326 after 4 sessions", "empirical-bayes", {"z": 2.326, "min_sessions": 4.0}),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the report says. `population_source` tells in words where the population came from."""

    file: str
    shortest: int
    longest: int
    direction: Direction
    rule: str
    says: str
    parameters: Parameters
    population: Population
    population_source: str
    share_at_best_end: float
    found: Scan
    rate: FalseAlarmRate
    written: str | None


def as_text(summary: Summary) -> str:
    found, rate, people = summary.found, summary.rate, summary.population
    better = "higher" if summary.direction == "higher_is_better" else "lower"
    own = ", ".join(
        f"{name} {value:g}" for name, value in summary.parameters.items() if name in _OWN and value is not None
    )
    ends = f"{people.minimum:g} to {people.maximum:g}"
    alike = "" if math.isinf(people.within_df) else f" (weight {people.within_df:.1f})"
    share = f" ({found.recovered / len(found.found):.1%})" if found.found else ""
    spread = f"SD between clients {people.between_sd:.2f}, SD within clients {people.within_sd:.2f}{alike}"
    return f"""\
{summary.file}: {found.sessions:,} sessions of {found.clients:,} clients ({_lengths(summary)} each); {better} is better
Rule          {summary.rule}{f" ({own})" if own else ""}
              {summary.says}
Population    mean {people.mean:.2f}, {spread}, scale {ends}
              {summary.population_source}
Flagged       {found.flagged_clients:,} of {found.clients:,} clients ({found.flagged_clients / found.clients:.1%})
Ruptures      {len(found.found):,}
Recovered     {found.recovered:,} of {len(found.found):,} ruptures{share}
False alarms  {rate.rate:.1%} of people who never change would be flagged at least once
              (95 % interval {rate.low:.1%} to {rate.high:.1%}); simulated: {rate.people:,} people of this population,
              courses as long as those in the file, seed {rate.seed}
Best end      {summary.share_at_best_end:.1%} of the scores lie at the best end of the scale
Rows          {_where(summary)}"""


def _lengths(summary: Summary) -> str:
    if summary.shortest == summary.longest:
        return f"{summary.shortest}"
    return f"{summary.shortest} to {summary.longest}"


# The rule's own numbers; the population's are on their own line.
_OWN = ("cut_off", "drop", "multiple", "z", "min_sessions", "sigmas", "weight", "width", "allowance", "decision")


def _where(summary: Summary) -> str:
    if summary.written is None:
        return "not written; name a file with --out (one row per rupture)"
    return f"{len(summary.found.found):,} written to {summary.written}"


def as_json(summary: Summary) -> str:
    found, rate = summary.found, summary.rate
    facts = {
        "file": summary.file,
        "clients": found.clients,
        "sessions": found.sessions,
        "direction": summary.direction,
        "rule": summary.rule,
        "parameters": _finite(dict(summary.parameters)),
        "population": {**_finite(asdict(summary.population)), "source": summary.population_source},
        "flagged_clients": found.flagged_clients,
        "ruptures": len(found.found),
        "recovered": found.recovered,
        "false_alarms": {
            "rate": rate.rate,
            "low": rate.low,
            "high": rate.high,
            "how": "simulation of people of this population who never change, courses as long as those in the file",
            "people": rate.people,
            "seed": rate.seed,
        },
        "share_at_best_end": summary.share_at_best_end,
        "written": summary.written,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)


def _finite(numbers: dict[str, float | None]) -> dict[str, float | str | None]:
    """JSON has no infinity: an infinite weight is written as a word."""
    return {name: "infinite" if value == math.inf else value for name, value in numbers.items()}


def episode_rows(found: Scan) -> list[list[Cell]]:
    """One row per rupture, in the order of `EPISODE_COLUMNS`."""
    return [
        [
            one.client,
            _plain(one.onset_session),
            _plain(one.episode.onset_score),
            _plain(one.episode.reference),
            _plain(one.episode.limit),
            _plain(one.episode.statistic),
            _plain(one.episode.worst_score),
            _plain(one.episode.depth),
            one.episode.length,
            one.episode.repaired,
            None if one.recovered_at is None else _plain(one.recovered_at),
            one.episode.pattern,
        ]
        for one in found.found
    ]


def _plain(value: float) -> float | int:
    """Whole numbers without ".0", others to six places: what a person would write."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def false_alarm_table(*, people: int, seed: int) -> str:
    """All rules on the textbook population, as a Markdown table; rules that need a population get it as estimated
    from as many courses of that population, as one would from a file."""
    courses = never_changing(TEXTBOOK, sessions=TEXTBOOK_SESSIONS, people=people, rng=np.random.default_rng(seed))
    estimated = estimate_population(list(courses), minimum=None, maximum=40.0)
    lines = [_textbook_in_words(people, seed), "", "| rule | flags at least once | 95 % interval |", "|---|---|---|"]
    for label, name, numbers in _TABLE:
        rate = false_alarm_rate(
            make_rule(name, numbers, estimated), TEXTBOOK, sessions=TEXTBOOK_SESSIONS, people=people, seed=seed
        )
        lines.append(f"| {label} | {rate.rate:.1%} | {rate.low:.1%} to {rate.high:.1%} |")
    lines += ["", f"Scores at the top of the scale: {rate.share_at_ceiling:.1%}"]
    return "\n".join(lines)


def _textbook_in_words(people: int, seed: int) -> str:
    return (
        f"{people:,} people who never change; {TEXTBOOK_SESSIONS} sessions; person means "
        f"N({TEXTBOOK.mean:g}, {TEXTBOOK.between_sd:g}); within-person SD {TEXTBOOK.within_sd:g}; "
        f"nothing above {TEXTBOOK.maximum:g}; seed {seed}"
    )
