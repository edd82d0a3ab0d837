"""What `openrapport expected` found, in words: the fit, the course with its band, the check on people held out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openrapport.analysis.expected_response import ExpectedPoint, ExpectedResponse
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.on_track import OnTrackCheck, Rate
from openrapport.commands.showing import aligned, counted, facts, say, share, wrapped

_FIXED = ("at session 1, mean intake", "for each log(session)", "for each point of intake", "intake x log(session)")


def as_text(
    expected: ExpectedResponse,
    band: Sequence[ExpectedPoint],
    check: OnTrackCheck | None,
    *,
    intake: float,
    coverage: float,
    left_out: int,
) -> str:
    without = f"; {counted(left_out, 'client')} without an intake score left out" if left_out else ""
    better = "higher" if expected.direction == "higher_is_better" else "lower"
    effects = [
        [name, say(estimate), say(se)]
        for name, estimate, se in zip(_FIXED, expected.fixed, expected.fixed_se, strict=True)
    ]
    seen = f"{say(expected.intake_low, 2)} to {say(expected.intake_high, 2)}, mean {say(expected.intake_mean, 2)}"
    starred = any(point.extrapolated for point in band)
    star = "; *: beyond the intakes or sessions in the table" if starred else ""
    shown = [
        [f"{point.session}{' *' if point.extrapolated else ''}", *(say(v, 2) for v in (point.expected, *_ends(point)))]
        for point in band
    ]
    parts = [
        wrapped(
            f"{counted(expected.n_scores, 'score')} of {counted(expected.n_clients, 'client')}{without}; {better} is "
            "better"
        ),
        aligned(["Expected score", "Estimate", "SE"], effects),
        facts(
            [
                ("Clients differ", f"SD {say(_sd(expected, 0))} in level, {say(_sd(expected, 1))} in log(session)"),
                ("SD of single scores", say(expected.residual_sd)),
                ("Intakes", seen),
                ("Fit", expected.message),
            ]
        ),
        wrapped(f"For an intake of {intake:.4g}: {coverage:.0%} of single scores lie between Low and High{star}"),
        aligned(["Session", "Expected", "Low", "High"], shown),
    ]
    return "\n\n".join(parts if check is None else [*parts, _check(check)])


def _ends(point: ExpectedPoint) -> tuple[float, float]:
    return point.low, point.high


def _sd(expected: ExpectedResponse, place: int) -> float:
    return math.sqrt(max(0.0, expected.client_covariance[place][place]))


def _check(check: OnTrackCheck) -> str:
    short = (
        f"; {counted(check.n_too_short, 'client')} with fewer than two scores not judged" if check.n_too_short else ""
    )
    ahead = (
        "" if check.sessions_ahead is None else f"{check.sessions_ahead:g} from first warning to last score (median)"
    )
    lines = [
        ("Sensitivity", _rate(check.sensitivity, "of those who deteriorated were warned of")),
        ("Specificity", _rate(check.specificity, "of the others were not")),
        ("Precision", _rate(check.precision, "of those warned of deteriorated")),
        ("Base rate", _rate(check.base_rate, "deteriorated")),
        ("Sessions ahead", ahead),
        ("Intervals", f"{check.level:.0%}"),
    ]
    judged = (
        f"Check: fitted on {counted(check.n_fitted, 'client')}, judged on {counted(check.n_checked, 'other')} "
        f"(seed {check.seed}){short}"
    )
    return f"{wrapped(judged)}\n\n{facts(lines)}"


def _rate(found: Rate | NotEstimable, of: str) -> str:
    if isinstance(found, NotEstimable):
        return f"none. {found.reason}"
    return f"{share(found.estimate)} ({share(found.low)} to {share(found.high)}) {of}: {found.count} of {found.n}"
