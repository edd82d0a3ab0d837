"""Has one person changed more than the measure's own noise, and to where (Jacobson & Truax 1991)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from openrapport.analysis.instrument import Direction, Instrument

# 95 % two-sided, the criterion of Jacobson & Truax 1991.
CRITERION = 1.96

Verdict: TypeAlias = Literal["better", "worse", "no_reliable_change"]
Outcome: TypeAlias = Literal["recovered", "improved", "unchanged", "deteriorated"]


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """`index` is the difference (after - before) in standard errors of a difference."""

    before: float
    after: float
    difference: float
    standard_error: float
    index: float
    verdict: Verdict
    sd: float
    reliability: float
    criterion: float
    direction: Direction


@dataclass(frozen=True, slots=True)
class ClinicalCutOffs:
    """a: two SDs from the troubled group's mean; b: within two SDs of the well group's; c: half way, weighed by SDs."""

    a: float
    b: float
    c: float


@dataclass(frozen=True, slots=True)
class ClinicalChange:
    reliable: ReliableChange
    cut_off: float
    outcome: Outcome


def reliable_change(
    before: float, after: float, *, sd: float, reliability: float, direction: Direction, criterion: float = CRITERION
) -> ReliableChange:
    """RC = (after - before) / Sdiff, Sdiff = sqrt(2 SE^2), SE = sd sqrt(1 - reliability)."""
    if not sd > 0 or not 0 <= reliability < 1:
        raise ValueError("Reliable change needs sd > 0 and 0 <= reliability < 1.")
    standard_error = sd * math.sqrt(2 * (1 - reliability))
    index = (after - before) / standard_error
    gain = index if direction == "higher_is_better" else -index
    verdict: Verdict = "better" if gain > criterion else "worse" if gain < -criterion else "no_reliable_change"
    return ReliableChange(
        before=before,
        after=after,
        difference=after - before,
        standard_error=standard_error,
        index=index,
        verdict=verdict,
        sd=sd,
        reliability=reliability,
        criterion=criterion,
        direction=direction,
    )


def reliable_change_of(
    before: float, after: float, instrument: Instrument, score: str = "total"
) -> ReliableChange | None:
    """The same with an instrument's own norms; None when it has none. The SD is that of one score of one person."""
    norms = instrument.norms_of(score)
    if norms is None:
        return None
    return reliable_change(
        before,
        after,
        sd=math.hypot(norms.between_sd, norms.within_sd),
        reliability=norms.reliability,
        direction=instrument.score(score).direction,
    )


def clinical_cut_offs(*, troubled_mean: float, troubled_sd: float, well_mean: float, well_sd: float) -> ClinicalCutOffs:
    """Cut-offs a, b, c between a group in treatment and a group that is well; the direction follows from the means."""
    towards_well = math.copysign(1.0, well_mean - troubled_mean)
    return ClinicalCutOffs(
        a=troubled_mean + towards_well * 2 * troubled_sd,
        b=well_mean - towards_well * 2 * well_sd,
        c=(troubled_sd * well_mean + well_sd * troubled_mean) / (troubled_sd + well_sd),
    )


def clinical_change(
    before: float, after: float, *, cut_off: float, sd: float, reliability: float, direction: Direction
) -> ClinicalChange:
    """Recovered: reliably better, across the cut-off; improved: only reliably better; deteriorated: reliably worse."""
    reliable = reliable_change(before, after, sd=sd, reliability=reliability, direction=direction)
    sign = 1.0 if direction == "higher_is_better" else -1.0
    crossed = sign * before < sign * cut_off <= sign * after
    outcome: Outcome = "unchanged"
    if reliable.verdict == "worse":
        outcome = "deteriorated"
    elif reliable.verdict == "better":
        outcome = "recovered" if crossed else "improved"
    return ClinicalChange(reliable=reliable, cut_off=cut_off, outcome=outcome)
