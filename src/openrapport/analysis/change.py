"""Has one person changed more than the measure's own noise, and to where (Jacobson & Truax 1991)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from openrapport.analysis.instrument import Direction, Instrument, sign_of

# 95 % two-sided, the criterion of Jacobson & Truax 1991.
CRITERION = 1.96

# Where nobody said which direction is better, a reliable difference is a rise or a fall and no more.
Verdict: TypeAlias = Literal["better", "worse", "no_reliable_change", "rise", "fall"]
Outcome: TypeAlias = Literal["recovered", "improved", "unchanged", "deteriorated"]


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """`index` is the difference (after - before) in standard errors of a difference.

    `threshold` is the difference, in score units and either way, that has to be passed for a verdict.
    """

    before: float
    after: float
    difference: float
    standard_error: float
    index: float
    threshold: float
    verdict: Verdict
    sd: float
    reliability: float
    criterion: float
    direction: Direction | None


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
    before: float,
    after: float,
    sd: float,
    reliability: float,
    *,
    direction: Direction | None = None,
    criterion: float = CRITERION,
) -> ReliableChange:
    """RC = (after - before) / Sdiff, Sdiff = sqrt(2 SE^2), SE = sd sqrt(1 - reliability). Scores in score units.

    Source: Jacobson & Truax 1991; Sdiff as Christensen & Mendoza 1986 have it. Without `direction` the verdict says
    which way a reliable difference went, not whether that is good. Raises ValueError when `sd`, `reliability`
    or `criterion` are senseless, a score is missing or not finite, or the direction is none. The article's example:

    >>> found = reliable_change(32.5, 47.5, sd=7.5, reliability=0.80, direction="higher_is_better")
    >>> round(found.standard_error, 3), round(found.index, 2), found.verdict
    (4.743, 3.16, 'better')
    """
    if direction is not None:
        sign_of(direction)  # a misspelt one would turn the verdict round
    difference = _number(after, "after") - _number(before, "before")
    threshold = reliable_change_threshold(sd, reliability, criterion=criterion)
    standard_error = standard_error_of_difference(sd, reliability)
    return ReliableChange(
        before=before,
        after=after,
        difference=difference,
        standard_error=standard_error,
        index=difference / standard_error,
        threshold=threshold,
        verdict=_verdict(difference / standard_error, criterion, direction),
        sd=sd,
        reliability=reliability,
        criterion=criterion,
        direction=direction,
    )


def standard_error_of_difference(sd: float, reliability: float) -> float:
    """Sdiff: how much two scores of somebody who did not change differ by measuring error alone, in score units."""
    if not (0 < sd < math.inf and 0 <= reliability < 1):
        raise ValueError("Reliable change needs sd > 0 and 0 <= reliability < 1.")
    return sd * math.sqrt(2 * (1 - reliability))


def reliable_change_threshold(sd: float, reliability: float, *, criterion: float = CRITERION) -> float:
    """The difference in score units that has to be passed before a change counts as reliable: criterion x Sdiff.

    >>> round(reliable_change_threshold(7.5, 0.80), 2)
    9.3
    """
    if not 0 < criterion < math.inf:
        raise ValueError("Reliable change needs a criterion above 0, such as 1.96.")
    return criterion * standard_error_of_difference(sd, reliability)


def _number(score: float | None, name: str) -> float:
    if score is None or not math.isfinite(score):
        raise ValueError(f"Reliable change needs two scores; `{name}` is {score!r}. Leave out people who lack one.")
    return float(score)


def _verdict(index: float, criterion: float, direction: Direction | None) -> Verdict:
    if abs(index) <= criterion:
        return "no_reliable_change"
    if direction is None:
        return "rise" if index > 0 else "fall"
    return "better" if (index > 0) == (direction == "higher_is_better") else "worse"


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
    """Cut-offs a, b, c between a group in treatment and a group that is well; the direction follows from the means.

    Source: Jacobson & Truax 1991. Raises ValueError when the means are equal or an SD is not above 0.

    >>> clinical_cut_offs(troubled_mean=40, troubled_sd=7.5, well_mean=60, well_sd=7.5)
    ClinicalCutOffs(a=55.0, b=45.0, c=50.0)
    """
    if not all(map(math.isfinite, (troubled_mean, troubled_sd, well_mean, well_sd))) or troubled_mean == well_mean:
        raise ValueError("Cut-offs need two groups with different means; all four numbers must be finite.")
    if not (troubled_sd > 0 and well_sd > 0):
        raise ValueError("Cut-offs need standard deviations above 0.")
    towards_well = math.copysign(1.0, well_mean - troubled_mean)
    return ClinicalCutOffs(
        a=troubled_mean + towards_well * 2 * troubled_sd,
        b=well_mean - towards_well * 2 * well_sd,
        c=(troubled_sd * well_mean + well_sd * troubled_mean) / (troubled_sd + well_sd),
    )


def clinical_change(
    before: float,
    after: float,
    *,
    cut_off: float,
    sd: float,
    reliability: float,
    direction: Direction,
    criterion: float = CRITERION,
) -> ClinicalChange:
    """Recovered: reliably better, across the cut-off; improved: only reliably better; deteriorated: reliably worse.

    A score on the cut-off counts as across. Somebody who began on the well side can improve or deteriorate, not
    recover. `unchanged` means: not more than measuring error explains. Source: Jacobson & Truax 1991.

    >>> clinical_change(32.5, 51, cut_off=50, sd=7.5, reliability=0.8, direction="higher_is_better").outcome
    'recovered'
    """
    if not math.isfinite(cut_off):
        raise ValueError("Clinical change needs a finite cut-off, such as c of `clinical_cut_offs`.")
    sign = sign_of(direction)
    reliable = reliable_change(before, after, sd, reliability, direction=direction, criterion=criterion)
    crossed = sign * before < sign * cut_off <= sign * after
    outcome: Outcome = "unchanged"
    if reliable.verdict == "worse":
        outcome = "deteriorated"
    elif reliable.verdict == "better":
        outcome = "recovered" if crossed else "improved"
    return ClinicalChange(reliable=reliable, cut_off=cut_off, outcome=outcome)
