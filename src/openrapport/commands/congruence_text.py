"""What `openrapport congruence` found, in words: one pair, many pairs, a response surface."""

from __future__ import annotations

import argparse

from openrapport.analysis.congruence import Concordance, Congruence
from openrapport.analysis.congruence_dyads import DyadsCongruence
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.response_surface import PrincipalAxis, ResponseSurface, StationaryPoint
from openrapport.commands.showing import between, counted, estimates, facts, say, share, wrapped

_SURFACE = {
    "a1": "a1 slope where both agree",
    "a2": "a2 curve where both agree",
    "a3": "a3 slope where they differ",
    "a4": "a4 curve where they differ",
}
_TERMS = {"b0": "b0", "b1": "b1 x", "b2": "b2 y", "b3": "b3 x x", "b4": "b4 x y", "b5": "b5 y y"}


def one_dyad_in_words(found: Congruence) -> str:
    return "\n\n".join(
        [
            _about(f"{counted(found.n, 'session')} with both views", found.dropped, found.judge),
            estimates([("bias", found.bias), ("tracking", found.tracking)]),
            facts(
                [
                    (f"Mean, {found.judge}", say(found.judge_mean, 2)),
                    (f"Mean, {_other(found.judge)}", say(found.truth_mean, 2)),
                    ("SD of the rest", say(found.residual_sd, 2)),
                    ("Concordance", _concordance(found.concordance)),
                    ("Intervals", f"{found.level:.0%}"),
                ]
            ),
        ]
    )


def dyads_in_words(found: DyadsCongruence) -> str:
    related = (
        "" if found.correlation is None else f"{say(found.correlation, 2)} between bias and tracking, over the pairs"
    )
    counts = f"{counted(found.n, 'session')} of {counted(found.n_dyads, 'pair')} with both views"
    return "\n\n".join(
        [
            _about(counts, found.dropped, found.judge),
            estimates([("bias", found.bias), ("tracking", found.tracking)]),
            facts(
                [
                    ("Pairs differ", f"SD {say(found.bias_sd)} in bias, {say(found.tracking_sd)} in tracking"),
                    ("Correlation", related),
                    ("SD of the rest", say(found.residual_sd)),
                    ("Concordance", f"of the pairs' means: {_concordance(found.concordance_of_means)}"),
                    ("Intervals", f"{found.level:.0%}; {found.method.upper()}"),
                    ("Fit", found.message),
                ]
            ),
        ]
    )


def _about(counts: str, dropped: int, judge: str) -> str:
    left_out = f"; {counted(dropped, 'row')} left out" if dropped else ""
    return wrapped(
        f"{counts}{left_out}. Bias: how far the {judge}'s view lies above the {_other(judge)}'s. Tracking: how far it "
        f"moves when the {_other(judge)}'s moves one point."
    )


def _other(view: str) -> str:
    return "client" if view == "therapist" else "therapist"


def _concordance(found: Concordance | NotEstimable) -> str:
    if isinstance(found, NotEstimable):
        return f"none ({found.reason})"
    ends = between(found.low, found.high, 2)
    return (
        f"{say(found.estimate, 2)} ({ends}) = correlation {say(found.correlation, 2)} x accuracy "
        f"{say(found.accuracy, 2)}"
    )


def surface_in_words(found: ResponseSurface, args: argparse.Namespace) -> str:
    left_out = f"; {counted(found.dropped, 'row')} left out" if found.dropped else ""
    of = "" if found.n_people is None else f" of {counted(found.n_people, 'pair')}"
    apart = found.agreement
    views = f"x higher {share(apart.x_higher)}, alike {share(apart.alike)}, y higher {share(apart.y_higher)}"
    return "\n\n".join(
        [
            wrapped(
                f"{counted(found.n, 'row')}{of}{left_out}. {args.outcome} over x = {args.client} and y = "
                f"{args.therapist}, zero at {found.centre_x:g} and {found.centre_y:g}:"
            ),
            estimates([(_TERMS[name], each) for name, each in found.coefficients.items()]),
            estimates([(_SURFACE[name], each) for name, each in found.surface.items()]),
            facts(
                [
                    ("Stationary point", _point(found.stationary)),
                    ("First axis", _axis(found.first_axis)),
                    ("Second axis", _axis(found.second_axis)),
                    ("Views", f"{views} (half an SD apart or more)"),
                    ("Explained", f"{share(found.r_squared)} of the variance; SD of the rest {say(found.residual_sd)}"),
                    ("Intervals", f"{found.level:.0%}; standard errors {_errors(found.errors)}"),
                ]
            ),
        ]
    )


def _errors(kind: str) -> str:
    return "clustered by pair" if kind == "clustered" else "of the model, which takes rows as independent"


def _point(found: StationaryPoint | NotEstimable) -> str:
    if isinstance(found, NotEstimable):
        return f"none ({found.reason})"
    return f"a {found.shape} at x {say(found.x, 2)}, y {say(found.y, 2)}, where the outcome is {say(found.z, 2)}"


def _axis(found: PrincipalAxis | NotEstimable) -> str:
    if isinstance(found, NotEstimable):
        return ""
    if found.slope is None:
        return f"x = {say(found.intercept, 2)}"
    sign = "-" if found.slope < 0 else "+"
    return f"y = {say(found.intercept, 2)} {sign} {say(abs(found.slope), 2)} x"
