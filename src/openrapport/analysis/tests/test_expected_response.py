"""Expected courses from seeded clients whose true course is known: effects recovered, bands that hold what they say."""

import doctest

import numpy as np
import pytest

from openrapport.analysis import expected_response as module
from openrapport.analysis.expected_response import Course, courses_of, expected_course, expected_response

# True course of the simulated clients; a depression score, lower is better.
INTERCEPT, SLOPE, BY_INTAKE, SLOPE_BY_INTAKE = 20.0, -3.0, 0.8, -0.15
CLIENT_SD, SLOPE_SD, NOISE_SD = 4.0, 1.2, 3.0
INTAKE_MEAN, INTAKE_SD = 24.0, 6.0
# Four standard errors of each fixed effect would be a wrong formula; two and a half are chance.
STANDARD_ERRORS = 3.0
# Share of 2 000 clients' scores in a band of .80: standard error about .009, scores of one client going together.
OF_A_SHARE = 0.02


def draw(clients, seed, most=20):
    rng = np.random.default_rng(seed)
    drawn = []
    for client in range(clients):
        length = int(rng.integers(3, most + 1))
        intake = rng.normal(INTAKE_MEAN, INTAKE_SD)
        t = np.log(np.arange(1, length + 1))
        usual, slope = rng.normal(0, CLIENT_SD), rng.normal(0, SLOPE_SD)
        mean = INTERCEPT + SLOPE * t + (BY_INTAKE + SLOPE_BY_INTAKE * t) * (intake - INTAKE_MEAN) + usual + slope * t
        scores = mean + rng.normal(0, NOISE_SD, length)
        given = rng.random(length) > 0.1
        drawn.append(
            Course(client, float(intake), tuple(float(s) if g else None for s, g in zip(scores, given, strict=True)))
        )
    return drawn


@pytest.fixture(scope="module")
def expected():
    return expected_response(draw(800, seed=1), direction="lower_is_better")


def test_the_true_course_is_recovered(expected):
    shift = expected.intake_mean - INTAKE_MEAN
    truth = (INTERCEPT + BY_INTAKE * shift, SLOPE + SLOPE_BY_INTAKE * shift, BY_INTAKE, SLOPE_BY_INTAKE)
    for estimate, se, value in zip(expected.fixed, expected.fixed_se, truth, strict=True):
        assert abs(estimate - value) < STANDARD_ERRORS * se
    assert expected.residual_sd == pytest.approx(NOISE_SD, rel=0.03)
    assert expected.client_covariance[0][0] ** 0.5 == pytest.approx(CLIENT_SD, rel=0.1)
    assert expected.client_covariance[1][1] ** 0.5 == pytest.approx(SLOPE_SD, rel=0.15)
    assert expected.converged


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_the_band_holds_the_share_of_new_clients_that_it_says(expected, coverage):
    inside, below = [], []
    for course in draw(2000, seed=2):
        points = expected_course(expected, course.intake, coverage=coverage, sessions=range(1, len(course.scores) + 1))
        for point, score in zip(points, course.scores, strict=True):
            if score is not None:
                inside.append(point.low <= score <= point.high)
                below.append(score < point.low)
    assert np.mean(inside) == pytest.approx(coverage, abs=OF_A_SHARE)
    assert np.mean(below) == pytest.approx((1 - coverage) / 2, abs=OF_A_SHARE)


def test_the_band_holds_at_the_first_and_at_a_late_session(expected):
    new = draw(4000, seed=3)
    for session in (1, 15):
        held = []
        for course in new:
            if len(course.scores) >= session and course.scores[session - 1] is not None:
                (point,) = expected_course(expected, course.intake, coverage=0.8, sessions=[session])
                held.append(point.low <= course.scores[session - 1] <= point.high)
        assert np.mean(held) == pytest.approx(0.8, abs=0.03)


def test_more_severe_clients_start_higher_and_change_faster(expected):
    severe, mild = (expected_course(expected, intake, coverage=0.8) for intake in (34.0, 16.0))
    assert severe[0].expected > mild[0].expected
    assert severe[0].expected - severe[19].expected > mild[0].expected - mild[19].expected
    assert [point.session for point in severe] == list(range(1, 21))


def test_the_variance_of_a_score_adds_up(expected):
    (point,) = expected_course(expected, expected.intake_mean, coverage=0.8, sessions=[1])
    # At session 1 and average intake only the intercepts are left.
    parts = expected.fixed_covariance[0][0] + expected.client_covariance[0][0] + expected.residual_sd**2
    assert point.sd**2 == pytest.approx(parts)
    assert point.expected == pytest.approx(expected.fixed[0])


def test_what_nobody_has_shown_yet_is_called_extrapolated(expected):
    here = expected_course(expected, 24, coverage=0.8, sessions=[20, 21])
    assert [point.extrapolated for point in here] == [False, True]
    assert expected_course(expected, 80, coverage=0.8, sessions=[1])[0].extrapolated


def test_a_wider_coverage_makes_a_wider_band(expected):
    narrow, wide = (expected_course(expected, 24, coverage=c, sessions=[5])[0] for c in (0.5, 0.9))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coverage": 1.0}, "coverage of a band"),
        ({"coverage": 0.8, "sessions": [0]}, "numbered from 1"),
        ({"coverage": 0.8, "intake": float("nan")}, "intake score"),
    ],
)
def test_a_band_needs_sense(expected, arguments, message):
    with pytest.raises(ValueError, match=message):
        expected_course(expected, **{"intake": 24.0, **arguments})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda courses: courses[:10], "at least 20 clients"),
        (lambda courses: [*courses, courses[0]], "one course"),
        (lambda courses: [Course(c.client, 24.0, c.scores) for c in courses], "same intake"),
        (lambda courses: [*courses[1:], Course("x", float("nan"), (1.0,))], "needs its intake"),
        (lambda courses: [*courses[1:], Course("x", 20.0, (float("inf"),))], "finite number"),
    ],
)
def test_a_history_that_teaches_nothing_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        expected_response(change(draw(40, seed=4)), direction="lower_is_better")


@pytest.mark.parametrize(
    ("session", "intake", "message"),
    [
        ([1, 1], [20, 20], "twice"),
        ([1, 2], [20, 21], "changes from row to row"),
        ([0, 1], [20, 20], "from 1 upwards"),
        ([1, 2], [20, None], "needs an intake"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(session, intake, message):
    with pytest.raises(ValueError, match=message):
        courses_of(["Ana", "Ana"], session, [20, 19], intake)


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
