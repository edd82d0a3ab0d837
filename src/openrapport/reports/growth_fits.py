"""Between a fitted expectation and its row in the database. Numbers are kept as they are: nothing is rounded."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from openrapport import __version__
from openrapport.analysis.expected_response import Course, ExpectedResponse, expected_response
from openrapport.analysis.growth.result import Method
from openrapport.checkins.instruments import instrument_of
from openrapport.reports.models import FEWEST_RELATIONSHIPS, StoredGrowthFit

METHOD: Method = "reml"
FEWEST_AT_AN_END = 5  # people at or beyond what is stored of a range: no single person's score is in it


def fit_courses(courses: Sequence[Course], *, instrument: str, score: str) -> ExpectedResponse | None:
    """The expected course of a practice. None: fewer than 200 relationships, or no fit that converged."""
    if len(courses) < FEWEST_RELATIONSHIPS:
        return None
    direction = instrument_of(instrument).score(score).direction
    try:
        found = expected_response(courses, direction=direction, method=METHOD)
    except ValueError:  # such as everybody beginning with the same score: these data do not allow the model
        return None
    return _with_ends_of_several(found, courses) if found.converged else None


def _with_ends_of_several(found: ExpectedResponse, courses: Sequence[Course]) -> ExpectedResponse:
    intakes = sorted(course.intake for course in courses)
    lengths = sorted((len(course.scores) for course in courses), reverse=True)
    nth = FEWEST_AT_AN_END - 1
    return replace(found, intake_low=intakes[nth], intake_high=intakes[-1 - nth], last_session=lengths[nth])


def as_fields(found: ExpectedResponse) -> dict[str, Any]:
    """The columns of `StoredGrowthFit` that hold numbers."""
    return {
        "method": METHOD,
        "library_version": __version__,
        "fixed": list(found.fixed),
        "fixed_covariance": [list(row) for row in found.fixed_covariance],
        "client_covariance": [list(row) for row in found.client_covariance],
        "residual_sd": found.residual_sd,
        "intake_mean": found.intake_mean,
        "intake_low": found.intake_low,
        "intake_high": found.intake_high,
        "last_session": found.last_session,
        "n_relationships": found.n_clients,
        "n_scores": found.n_scores,
    }


def from_row(fit: StoredGrowthFit) -> ExpectedResponse:
    """What was fitted, to expect courses from. Only fits that converged are stored."""
    covariance = tuple(tuple(row) for row in fit.fixed_covariance)
    return ExpectedResponse(
        fixed=tuple(fit.fixed),
        fixed_se=tuple(math.sqrt(row[place]) for place, row in enumerate(covariance)),
        fixed_covariance=covariance,
        client_covariance=tuple(tuple(row) for row in fit.client_covariance),
        residual_sd=fit.residual_sd,
        intake_mean=fit.intake_mean,
        intake_low=fit.intake_low,
        intake_high=fit.intake_high,
        last_session=fit.last_session,
        direction=instrument_of(fit.instrument).score(fit.score).direction,
        n_clients=fit.n_relationships,
        n_scores=fit.n_scores,
        converged=True,
        message="",
    )
