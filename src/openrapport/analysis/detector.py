"""The rule that raises the application's rupture signals, its stated false-alarm rate, and the expected band.

Both rest on an instrument's norms; while those are provisional, so is everything here, and the results say so.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist

from openrapport.analysis.baseline import population_of
from openrapport.analysis.calibration import calibrate
from openrapport.analysis.false_alarms import FalseAlarmRate, false_alarm_rate
from openrapport.analysis.instrument import Instrument
from openrapport.analysis.predictive_rules import EmpiricalBayes
from openrapport.analysis.rupture import RuptureResult, rupture

# How many people who never change may be flagged at least once in a course: the one choice behind every z below.
# A smaller share would miss more: at this one a single drop of 4 points in four sessions is seen in some 40 %.
DETECTOR_TARGET = 0.10
# A drop is a drop from something: three check-ins first. Before that, the instrument's early cut-off speaks.
DETECTOR_MIN_SESSIONS = 3
# The stated rate is for a course of this many check-ins.
DETECTOR_COURSE = 12
DETECTOR_PEOPLE = 200_000
DETECTOR_SEED = 20_261_122
# z is kept with this many decimals; the stated rate is that of the number as it is kept.
DETECTOR_DECIMALS = 3

RATES_FILE = "detector_rates.toml"
# How much of a population of new people the band is drawn to hold.
BAND_COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class StatedRate:
    """What the detector is set to for one instrument, and the share of never-changing people it flags.

    Flagged: at least once in `sessions` check-ins. `z` was set so that the share is about `target`; `rate`, with its
    95 % interval (Wilson), was found on other simulated people.
    """

    z: float
    target: float
    rate: float
    low: float
    high: float
    sessions: int
    people: int


@dataclass(frozen=True, slots=True)
class Detection:
    """What the detector saw in one course. `provisional` is True while the norms under it are assumptions."""

    result: RuptureResult
    false_alarms: StatedRate
    instrument: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class BandPoint:
    """Where one score of a new person is expected at a session: mean and limits, held within the scale."""

    session: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ExpectedBand:
    points: tuple[BandPoint, ...]
    coverage: float
    instrument: str
    provisional: bool


def detector(instrument: Instrument, score: str = "total") -> EmpiricalBayes:
    """Empirical-Bayes prediction with the instrument's norms, as calibrated for its main score.

    Raises LookupError when it has no norms, or nothing was calibrated for this version.
    """
    return _set_to(stated_rate(instrument).z, instrument, score)


def _set_to(z: float, instrument: Instrument, score: str = "total") -> EmpiricalBayes:
    return EmpiricalBayes(population_of(instrument, score), z=z, min_sessions=DETECTOR_MIN_SESSIONS)


def detect(
    series: Sequence[float | None], instrument: Instrument, *, sessions: Sequence[int] | None = None
) -> Detection:
    """Look for ruptures in one person's main scores, in session order (None: no score that time)."""
    norms = instrument.norms_of(instrument.total.code)
    rule = detector(instrument, instrument.total.code)
    return Detection(
        result=rupture(series, rule, direction=instrument.total.direction, sessions=sessions),
        false_alarms=stated_rate(instrument),
        instrument=instrument.ref,
        provisional=norms is not None and norms.provisional,
    )


def stated_rate(instrument: Instrument) -> StatedRate:
    """What was calibrated for this instrument, from the file `python -m openrapport.analysis.detector` writes."""
    try:
        return _stated_rates()[instrument.ref]
    except KeyError:
        raise LookupError(f"{instrument.ref} has no stated false-alarm rate") from None


def calibrated_z(instrument: Instrument, *, people: int, seed: int) -> float:
    """The z that flags `DETECTOR_TARGET` of the people its norms describe, for the main score.

    Raises LookupError when it has no norms, ValueError where its scale is too coarse for that share.
    """
    score = instrument.total.code
    found = calibrate(
        _set_to(1.0, instrument, score),
        population_of(instrument, score),
        DETECTOR_TARGET,
        sessions=DETECTOR_COURSE,
        people=people,
        seed=seed,
        direction=instrument.total.direction,
    )
    return round(found.value, DETECTOR_DECIMALS)


def simulate_rate(instrument: Instrument, *, z: float, people: int, seed: int) -> FalseAlarmRate:
    """Simulate the detector's rate at this z on the people its norms describe, for the main score."""
    return false_alarm_rate(
        _set_to(z, instrument, instrument.total.code),
        population_of(instrument, instrument.total.code),
        sessions=DETECTOR_COURSE,
        people=people,
        seed=seed,
        direction=instrument.total.direction,
    )


@cache
def _stated_rates() -> Mapping[str, StatedRate]:
    data = tomllib.loads(files("openrapport.analysis").joinpath(RATES_FILE).read_text(encoding="utf-8"))
    return {ref: StatedRate(**numbers) for ref, numbers in data.items()}


def expected_band(
    instrument: Instrument, sessions: Sequence[int], *, score: str = "total", coverage: float = BAND_COVERAGE
) -> ExpectedBand | None:
    """The expected course over the logarithm of the session number with prediction limits; None without norms.

    Limits hold `coverage` of single scores of new people: spread between people, in growth, between sessions.
    """
    norms = instrument.norms_of(score)
    if norms is None:
        return None
    scale = instrument.score(score)
    width = NormalDist().inv_cdf(0.5 + coverage / 2)

    def held(value: float) -> float:
        return min(max(value, scale.minimum), scale.maximum)

    points = []
    for session in sessions:
        log_session = math.log(session)
        mean = norms.mean + norms.slope_per_log_session * log_session
        sd = math.hypot(norms.between_sd, norms.slope_sd * log_session, norms.within_sd)
        points.append(BandPoint(session, held(mean), held(mean - width * sd), held(mean + width * sd)))
    return ExpectedBand(tuple(points), coverage, instrument.ref, norms.provisional)


def write_rates(instruments: Sequence[Instrument]) -> str:
    """The text of the rates file: one table for each instrument that has norms."""
    lines = [
        "# What the rupture detector is set to, and how often it then fires on people who never change. Written by",
        "# python -m openrapport.analysis.detector > src/openrapport/analysis/detector_rates.toml",
    ]
    for instrument in instruments:
        if instrument.norms_of(instrument.total.code) is None:
            continue
        z = calibrated_z(instrument, people=DETECTOR_PEOPLE, seed=DETECTOR_SEED)
        found = simulate_rate(instrument, z=z, people=DETECTOR_PEOPLE, seed=DETECTOR_SEED)
        lines += [
            "",
            f'["{instrument.ref}"]',
            f"z = {z:.{DETECTOR_DECIMALS}f}",
            f"target = {DETECTOR_TARGET}",
            f"rate = {found.rate:.4f}",
            f"low = {found.low:.4f}",
            f"high = {found.high:.4f}",
            f"sessions = {DETECTOR_COURSE}",
            f"people = {found.people}",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    from openrapport.analysis.catalogue import load_catalogue

    sys.stdout.write(write_rates(list(load_catalogue().values())))
