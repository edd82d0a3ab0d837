"""The table of all rules' rates: as Markdown, as JSON, and set between the markers of a page."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from openrapport.analysis.baseline import Population
from openrapport.analysis.detection import DetectionRate
from openrapport.analysis.false_alarms import FalseAlarmRate
from openrapport.analysis.rules import Rule
from openrapport.commands import CommandError
from openrapport.commands.rule_rates import TEXTBOOK, NotReachable, RateTable, RuleRates, Wanted, textbook_in_words
from openrapport.commands.rupture_report import finite

BEGIN, END = "<!-- rules-table: begin -->", "<!-- rules-table: end -->"
Cell = Callable[[RuleRates], str]


def as_markdown(table: RateTable) -> str:
    """One block for each question, rules down, lengths of course across; every share with its 95 % interval."""
    wanted = table.wanted
    parts = [_about(wanted)]
    parts += _blocks("", table.as_printed, wanted)
    if table.same_rate:
        target = f"every rule set to {wanted.same_rate:.0%} false alarms"
        parts.append(_block(f"What the number must be: {target}", table.same_rate, wanted, _set_to))
        parts += _blocks(f", {target}", table.same_rate, wanted)
    return "\n\n".join(parts)


def _about(wanted: Wanted) -> str:
    rho = f"; neighbouring sessions correlated {wanted.autocorrelation:g}" if wanted.autocorrelation else ""
    return (
        f"{wanted.people:,} simulated people for each figure; {textbook_in_words()}{rho}; seed {wanted.seed}. "
        "In brackets the 95 % interval of the simulation."
    )


def _blocks(addition: str, rows: Sequence[RuleRates | NotReachable], wanted: Wanted) -> list[str]:
    blocks = [_block(f"People who never change, flagged at least once{addition}", rows, wanted, _false_alarms)]
    first = next((row for row in rows if isinstance(row, RuleRates)), None)
    for place, one in enumerate(first.seen if first else ()):
        blocks.append(_block(f"{_drop_in_words(one, wanted)}, seen{addition}", rows, wanted, _seen_at(place)))
    return blocks


def _drop_in_words(one: DetectionRate, wanted: Wanted) -> str:
    if one.lasting:
        where = "after half of the course" if wanted.onset is None else f"from session {wanted.onset} on"
        return f"A drop of {one.drop:g} points that lasts, {where}"
    where = "at any session from the second on" if wanted.onset is None else f"at session {wanted.onset}"
    return f"A drop of {one.drop:g} points for one session, {where}"


def _block(title: str, rows: Sequence[RuleRates | NotReachable], wanted: Wanted, cell: Cell) -> str:
    head = " | ".join(f"{length} sessions" for length in wanted.lengths)
    lines = [f"**{title}**", "", f"| rule | {head} |", "|---" * (len(wanted.lengths) + 1) + "|"]
    for label in dict.fromkeys(row.label for row in rows):
        cells = [
            cell(row) if isinstance(row, RuleRates) else f"not reachable: {row.nearest:.1%}"
            for row in rows
            if row.label == label
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _false_alarms(row: RuleRates) -> str:
    return _share(row.false_alarms)


def _seen_at(place: int) -> Cell:
    return lambda row: _share(row.seen[place])


def _share(found: FalseAlarmRate | DetectionRate) -> str:
    return f"{found.rate:.1%} ({found.low:.1%} to {found.high:.1%})"


def _set_to(row: RuleRates) -> str:
    assert row.calibration is not None
    return f"{row.calibration.parameter} {row.calibration.value:.3g}"


def as_json(table: RateTable) -> str:
    wanted = table.wanted
    facts = {
        "people": wanted.people,
        "seed": wanted.seed,
        "lengths": list(wanted.lengths),
        "autocorrelation": wanted.autocorrelation,
        "same_rate": wanted.same_rate,
        "population": finite(_population(TEXTBOOK)),
        "as_printed": [_row(row) for row in table.as_printed],
        "set_to_same_rate": [_row(row) for row in table.same_rate],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)


def _population(population: Population) -> dict[str, float | None]:
    names = ("mean", "between_sd", "within_sd", "within_df", "minimum", "maximum", "step")
    return {name: getattr(population, name) for name in names}


def _row(row: RuleRates | NotReachable) -> dict[str, object]:
    if isinstance(row, NotReachable):
        return {"label": row.label, "sessions": row.sessions, "not_reachable": row.says, "nearest_rate": row.nearest}
    alarms = row.false_alarms
    facts: dict[str, object] = {"label": row.label, "sessions": row.sessions, **_rule(row.rule)}
    if row.calibration is not None:
        facts["calibrated"] = {"parameter": row.calibration.parameter, "value": row.calibration.value}
    facts["false_alarms"] = {"rate": alarms.rate, "low": alarms.low, "high": alarms.high}
    facts["share_at_ceiling"] = alarms.share_at_ceiling
    facts["seen"] = [
        {
            "drop": one.drop,
            "lasting": one.lasting,
            "onset": one.onset,
            "rate": one.rate,
            "low": one.low,
            "high": one.high,
        }
        for one in row.seen
    ]
    return facts


def _rule(rule: Rule) -> dict[str, object]:
    return {"rule": rule.name, "parameters": finite(dict(rule.parameters))}


def write_between_markers(page: Path, text: str) -> None:
    """Replace what stands between the page's two markers. Raises `CommandError` when it has not both, once each."""
    try:
        whole = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{page}: cannot be read") from problem
    if whole.count(BEGIN) != 1 or whole.count(END) != 1 or whole.index(BEGIN) > whole.index(END):
        raise CommandError(f"{page}: needs the lines {BEGIN} and {END}, once each and in this order")
    before, after = whole[: whole.index(BEGIN) + len(BEGIN)], whole[whole.index(END) :]
    part = page.with_name(f".{page.name}.part")
    try:
        part.write_text(f"{before}\n{text}\n{after}", encoding="utf-8")
        os.replace(part, page)  # noqa: PTH105 - one rename, not a copy
    except OSError as problem:
        raise CommandError(f"{page}: cannot be written ({problem.strerror})") from problem
    finally:
        part.unlink(missing_ok=True)
