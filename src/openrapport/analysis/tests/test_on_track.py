"""The warning on hand-made courses, and its sensitivity and specificity counted on seeded clients held out."""

import doctest
import math

import numpy as np
import pytest

from openrapport.analysis import on_track as module
from openrapport.analysis.expected_response import Course, ExpectedResponse
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.on_track import Failure, check_on_track, on_track, wilson

# Expected 20 at session 1 and 2 points less per log session, whoever comes; single scores with an SD of 5.
LEVEL = ExpectedResponse(
    fixed=(20.0, -2.0, 0.0, 0.0),
    fixed_se=(0.0,) * 4,
    fixed_covariance=((0.0,) * 4,) * 4,
    client_covariance=((16.0, 0.0), (0.0, 0.0)),
    residual_sd=3.0,
    intake_mean=24.0,
    intake_low=10.0,
    intake_high=40.0,
    last_session=20,
    direction="lower_is_better",
    n_clients=500,
    n_scores=4000,
    converged=True,
    message="Converged.",
)
# The middle 80 % of a normal distribution reaches 1.2816 SDs: at session 1 from 13.59 to 26.41.
UPPER = 20 + 1.2816 * 5


def test_a_score_beyond_the_worse_end_is_off_track():
    found = on_track(Course("Ana", 24, (UPPER - 0.01, None, UPPER + 2)), LEVEL, coverage=0.8)
    assert [one.on_track for one in found.sessions] == [True, None, False]
    assert found.off_track_at == 3
    assert found.sessions[0].z == pytest.approx(-1.2816, abs=0.01)


def test_a_score_far_better_than_expected_is_on_track():
    assert on_track(Course("Ana", 24, (2.0,)), LEVEL, coverage=0.8).off_track_at is None


def test_where_higher_is_better_the_lower_end_is_the_worse():
    turned = ExpectedResponse(
        **{name: getattr(LEVEL, name) for name in LEVEL.__dataclass_fields__ if name != "direction"},
        direction="higher_is_better",
    )
    found = on_track(Course("Ana", 24, (30.0, 10.0)), turned, coverage=0.8)
    assert [one.on_track for one in found.sessions] == [True, False]
    assert found.sessions[0].z == pytest.approx(2)


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite number"):
        on_track(Course("Ana", 24, (math.nan,)), LEVEL, coverage=0.8)


def test_wilsons_interval_is_the_published_one():
    # Newcombe 1998, table I: 81 of 263, .2553 to .3662; 0 of 20, 0 to .1611.
    assert (wilson(81, 263, level=0.95).low, wilson(81, 263, level=0.95).high) == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )
    assert (wilson(0, 20, level=0.95).low, wilson(0, 20, level=0.95).high) == pytest.approx((0, 0.1611), abs=5e-5)


FAILURE = Failure("deteriorated", sd=7.5, reliability=0.85)


def draw(clients, seed, worsening):
    """A share `worsening` climbs by a point and a half a session; the others improve along log session."""
    rng = np.random.default_rng(seed)
    drawn = []
    for client in range(clients):
        sessions = np.arange(1, int(rng.integers(6, 16)) + 1)
        intake = rng.normal(24, 5)
        path = 1.5 * sessions if rng.random() < worsening else -4 * np.log(sessions)
        scores = intake + path + rng.normal(0, 2) + rng.normal(0, 2.5, len(sessions))
        drawn.append(Course(client, float(intake), tuple(map(float, scores))))
    return drawn


@pytest.fixture(scope="module")
def check():
    return check_on_track(
        draw(1500, 7, 0.1), direction="lower_is_better", coverage=0.9, failure=FAILURE, held_out=0.4, seed=3
    )


def test_clear_deteriorations_are_seen_ahead_and_most_others_left_alone(check):
    assert check.sensitivity.estimate > 0.85
    assert check.specificity.estimate > 0.85
    assert check.sessions_ahead >= 2


def test_the_counts_are_those_of_the_people_held_out(check):
    assert check.n_checked == 600
    assert check.n_fitted == 900
    assert check.sensitivity.n + check.specificity.n == 600
    assert check.base_rate.count == check.sensitivity.n
    assert check.base_rate.estimate == pytest.approx(0.1, abs=0.04)
    assert check.precision.count == check.sensitivity.count
    false_alarms = check.specificity.n - check.specificity.count
    assert check.precision.n == check.sensitivity.count + false_alarms


def test_the_people_held_out_follow_from_the_seed():
    again = [
        check_on_track(
            draw(200, 8, 0.2), direction="lower_is_better", coverage=0.8, failure=FAILURE, held_out=0.5, seed=seed
        ).expected.fixed
        for seed in (1, 1, 2)
    ]
    assert again[0] == again[1] != again[2]


def test_a_wider_band_sees_less_and_disturbs_less():
    narrow, wide = (
        check_on_track(
            draw(600, 9, 0.15), direction="lower_is_better", coverage=c, failure=FAILURE, held_out=0.5, seed=1
        )
        for c in (0.5, 0.98)
    )
    assert narrow.sensitivity.estimate >= wide.sensitivity.estimate
    assert narrow.specificity.estimate < wide.specificity.estimate


def test_in_people_who_do_as_expected_warnings_follow_the_band():
    # Three scores of noise around 20: the first two may warn, each by chance in (1 - .8) / 2; 1 - .9 x .9 = .19.
    rng = np.random.default_rng(12)
    history = [
        Course(i, float(24 + rng.normal(0, 3)), tuple(float(score) for score in 20 + rng.normal(0, 3, 3)))
        for i in range(6000)
    ]
    found = check_on_track(
        history,
        direction="lower_is_better",
        coverage=0.8,
        failure=Failure("deteriorated", 30, 0.5),
        held_out=0.5,
        seed=1,
    )
    assert isinstance(found.sensitivity, NotEstimable)
    assert 1 - found.specificity.estimate == pytest.approx(0.19, abs=0.025)


def test_not_getting_better_can_be_the_failure_instead():
    strict = check_on_track(
        draw(400, 10, 0.1),
        direction="lower_is_better",
        coverage=0.8,
        failure=Failure("not_improved", 7.5, 0.85),
        held_out=0.5,
        seed=1,
    )
    assert strict.base_rate.estimate > 0.2


def test_clients_with_one_score_cannot_be_judged_and_are_counted():
    short = [Course(f"short {i}", 20.0 + i % 7, (19.0,)) for i in range(100)]
    found = check_on_track(
        [*draw(300, 11, 0.1), *short], direction="lower_is_better", coverage=0.8, failure=FAILURE, held_out=0.5, seed=1
    )
    assert found.n_too_short > 30
    assert found.n_checked + found.n_too_short == 200


def test_holding_out_nobody_or_everybody_is_refused():
    for share in (0, 1):
        with pytest.raises(ValueError, match="held out lies between"):
            check_on_track(
                draw(50, 1, 0.1), direction="lower_is_better", coverage=0.8, failure=FAILURE, held_out=share, seed=1
            )


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
