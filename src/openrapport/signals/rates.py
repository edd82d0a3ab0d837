"""How often each rule fires on relationships that never change, by simulation; the figures are kept in rates.toml.

A simulated client has a fixed level; each session adds its own up and down, each item its own noise, answers are whole
numbers on the scale. All spreads come from the instrument's norms, so the figures are as provisional as they are.
`python -m openrapport.signals.rates` writes the file again.
"""

import math
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.detector import stated_rate as detector_rate
from openrapport.analysis.false_alarms import wilson_interval
from openrapport.analysis.instrument import Instrument
from openrapport.signals.course import Course, Seen
from openrapport.signals.rules import RULES

SESSIONS = 12
PEOPLE = 20_000
SEED = 20_261_122
RATES_FILE = "rates.toml"
AUDIENCES = {
    "alliance-adult": "wellbeing-adult",
    "alliance-teen": "wellbeing-teen",
    "alliance-child": "wellbeing-child",
}


@dataclass(frozen=True)
class RuleRate:
    """The share of never-changing relationships in which a rule fires within twelve sessions, and its 95 % interval.

    The interval says how exact the simulation is, not how right its assumptions are.
    """

    rate: float
    low: float
    high: float


def stated_rate(kind: str, alliance: str) -> RuleRate | None:
    """None where a rule counts instead of measuring, or nothing was simulated for this version of the instrument."""
    if kind == "rupture":
        detector = detector_rate(get_instrument(*_name_and_version(alliance)))
        return RuleRate(detector.rate, detector.low, detector.high)
    found = _rates().get(alliance, {}).get(kind)
    return RuleRate(found["rate"], found["low"], found["high"]) if found is not None else None


def _name_and_version(reference: str) -> tuple[str, int]:
    name, _, version = reference.partition("@")
    return name, int(version)


@cache
def _rates() -> dict[str, dict[str, dict[str, float]]]:
    return tomllib.loads(files("openrapport.signals").joinpath(RATES_FILE).read_text(encoding="utf-8"))


def simulate_totals(instrument: Instrument, *, people: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Item answers (people, sessions, items) and mean totals (people, sessions) of people who never change."""
    norms, scale = instrument.norms_of(instrument.total.code), instrument.total
    if norms is None:
        raise LookupError(f"{instrument.ref} has no norms")
    size = len(scale.items)
    # The reliability of a mean of k items: the share of its variance that is not item noise.
    item_sd = math.sqrt(size * (1 - norms.reliability) * (norms.between_sd**2 + norms.within_sd**2))
    level = rng.normal(norms.mean, norms.between_sd, (people, 1, 1))
    moment = rng.normal(0, norms.within_sd, (people, SESSIONS, 1))
    noise = rng.normal(0, item_sd, (people, SESSIONS, size))
    ends = instrument.item(scale.items[0])
    answers = np.clip(np.round(level + moment + noise), ends.values[0], ends.values[-1])
    return answers, answers.mean(axis=2)


def simulate_rates(alliance: str, *, people: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """For each measuring rule except the rupture detector: rate and 95 % interval over a course of twelve sessions."""
    own, mirror = get_instrument(alliance), get_instrument("alliance-therapist")
    wellbeing = get_instrument(AUDIENCES[alliance])
    rng = np.random.default_rng(seed)
    answers, totals = simulate_totals(own, people=people, rng=rng)
    _, theirs = simulate_totals(mirror, people=people, rng=rng)
    _, wellness = simulate_totals(wellbeing, people=people, rng=rng)
    components = [own.item(code).component or code for code in own.total.items]
    rules = {kind: rule for kind, rule in RULES.items() if kind != "rupture"}
    fired = dict.fromkeys(rules, 0)
    for person in range(people):
        seen = [
            Seen(
                session=number + 1,
                total=float(totals[person, number]),
                components=dict(zip(components, map(float, answers[person, number]), strict=True)),
                at_ceiling=bool(totals[person, number] == own.total.best),
            )
            for number in range(SESSIONS)
        ]
        views = {number + 1: float(theirs[person, number]) for number in range(SESSIONS)}
        wellbeing_scores = [(number + 1, float(wellness[person, number])) for number in range(SESSIONS)]
        for kind, rule in rules.items():
            fired[kind] += any(
                rule(
                    Course(
                        held=tuple(range(1, number + 1)),
                        alliance=own,
                        client=tuple(seen[:number]),
                        mirror=mirror,
                        therapist=views,
                        wellbeing=wellbeing,
                        wellbeing_scores=tuple(wellbeing_scores[:number]),
                    )
                )
                for number in range(1, SESSIONS + 1)
            )
    return {kind: (count / people, *wilson_interval(count, people)) for kind, count in fired.items()}


def write_rates() -> str:
    lines = [
        "# How often each rule fires within twelve sessions on relationships that never change. Written by",
        "# python -m openrapport.signals.rates > src/openrapport/signals/rates.toml",
    ]
    for alliance in AUDIENCES:
        for kind, (rate, low, high) in simulate_rates(alliance, people=PEOPLE, seed=SEED).items():
            table = f'["{get_instrument(alliance).ref}".{kind}]'
            lines += ["", table, f"rate = {rate:.4f}", f"low = {low:.4f}", f"high = {high:.4f}", f"people = {PEOPLE}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(write_rates())
