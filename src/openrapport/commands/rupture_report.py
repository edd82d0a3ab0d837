"""What `openrapport ruptures` found: in words, as JSON, as rows."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from openrapport.analysis.baseline import Population
from openrapport.analysis.ceiling import Ceiling
from openrapport.analysis.false_alarms import FalseAlarmRate
from openrapport.analysis.instrument import Direction
from openrapport.analysis.rules import Parameters
from openrapport.analysis.scan import Scan
from openrapport.commands.showing import wrapped
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


# Where the second column of the text begins.
_INDENT = 14


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
    ceiling: Ceiling
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
    text = f"""\
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
              courses as long as those in the file, seed {rate.seed}{_resemblance(rate)}
Best end      {_best_end(summary.ceiling)}
Rows          {_where(summary)}"""
    return "\n".join(wrapped(line, indent=_INDENT) if place else line for place, line in enumerate(text.splitlines()))


def _resemblance(rate: FalseAlarmRate) -> str:
    return f", neighbouring sessions correlated {rate.autocorrelation:g}" if rate.autocorrelation else ""


def _best_end(seen: Ceiling) -> str:
    straight = len(seen.straight_lined)
    same = f"{straight:,} {'client' if straight == 1 else 'clients'} gave the same score every time"
    return f"{seen.share_at_ceiling or 0:.1%} of the scores lie at the best end of the scale; {same}"


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
        "parameters": finite(dict(summary.parameters)),
        "population": {**finite(asdict(summary.population)), "source": summary.population_source},
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
            "autocorrelation": rate.autocorrelation,
        },
        "share_at_best_end": summary.ceiling.share_at_ceiling,
        "straight_lined": list(summary.ceiling.straight_lined),
        "episodes": [dict(zip(EPISODE_COLUMNS, row, strict=True)) for row in episode_rows(found)],
        "written": summary.written,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)


def finite(numbers: dict[str, float | None]) -> dict[str, float | str | None]:
    """JSON has no infinity: an infinite weight is written as a word."""
    return {name: "infinite" if value == math.inf else value for name, value in numbers.items()}


def episode_rows(found: Scan) -> list[list[Cell]]:
    """One row per rupture, in the order of `EPISODE_COLUMNS`."""
    return [
        [
            one.client,
            plain(one.onset_session),
            plain(one.episode.onset_score),
            plain(one.episode.reference),
            plain(one.episode.limit),
            plain(one.episode.statistic),
            plain(one.episode.worst_score),
            plain(one.episode.depth),
            one.episode.length,
            one.episode.repaired,
            None if one.recovered_at is None else plain(one.recovered_at),
            one.episode.pattern,
        ]
        for one in found.found
    ]


def plain(value: float) -> float | int:
    """Whole numbers without ".0", others to six places: what a person would write."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded
