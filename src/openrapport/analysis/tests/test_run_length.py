"""Average run lengths against published tables, closed forms, a Markov chain and a simulation."""

import doctest
import math

import numpy as np
import pytest
from scipy.stats import norm

from openrapport.analysis import run_length as module
from openrapport.analysis.charts import cusum_chart, ewma_chart
from openrapport.analysis.run_length import (
    Cusum,
    Ewma,
    Shewhart,
    decision_for,
    run_length,
    sigmas_for,
    width_for,
)

# A figure printed with two decimals is right to half of the last one.
TWO_DECIMALS = 0.005
# Tables of run lengths after a shift print three figures.
THREE_FIGURES = 0.0055
# A chain of 2 001 states is short of the integral by some millionths.
MARKOV = 1e-4
# Five standard errors of a mean run length over 40 000 runs (its SD is about its mean).
SIMULATED = 5 / math.sqrt(40_000)


@pytest.mark.parametrize(
    ("chart", "printed"),
    [
        (Shewhart(3, "two"), 370.40),
        (Shewhart(3, "one"), 740.80),
        (Shewhart(2, "two"), 21.98),
        (Cusum(0.5, 4, "one"), 335.37),
        (Cusum(0.5, 4, "two"), 167.68),
        (Cusum(0.5, 5, "one"), 930.89),
        (Cusum(0.5, 5, "two"), 465.44),
    ],
)
def test_in_control_run_lengths_are_the_printed_ones(chart, printed):
    assert run_length(chart).average == pytest.approx(printed, abs=TWO_DECIMALS)


@pytest.mark.parametrize(
    ("weight", "width", "printed"), [(0.2, 2.859, 370), (0.2, 2.962, 500), (0.1, 2.814, 500), (0.05, 2.615, 500)]
)
def test_an_ewma_with_fixed_limits_runs_as_printed(weight, width, printed):
    assert run_length(Ewma(weight, width, "two", "fixed")).average == pytest.approx(printed, abs=0.5)


# Montgomery, Introduction to Statistical Quality Control: two-sided CUSUM (Hawkins), EWMA (Lucas & Saccucci 1990).
@pytest.mark.parametrize(
    ("chart", "shift", "printed"),
    [
        (Cusum(0.5, 4, "two"), 0.25, 74.2),
        (Cusum(0.5, 4, "two"), 0.5, 26.6),
        (Cusum(0.5, 4, "two"), 1.0, 8.38),
        (Cusum(0.5, 4, "two"), 2.0, 3.34),
        (Cusum(0.5, 5, "two"), 1.0, 10.4),
        (Ewma(0.1, 2.814, "two", "fixed"), 0.5, 31.3),
        (Ewma(0.1, 2.814, "two", "fixed"), 1.0, 10.3),
        (Ewma(0.2, 2.962, "two", "fixed"), 0.5, 41.8),
    ],
)
def test_run_lengths_after_a_shift_are_the_printed_ones(chart, shift, printed):
    assert run_length(chart, shift=shift).average == pytest.approx(printed, rel=THREE_FIGURES)


def test_the_decision_for_one_false_alarm_in_370_is_the_printed_one():
    assert round(decision_for(run_length=370, allowance=0.5), 3) == 4.095


def test_what_is_solved_for_runs_as_long_as_asked():
    assert run_length(Cusum(0.25, decision_for(run_length=200, allowance=0.25, sides="two"), "two")).average == (
        pytest.approx(200)
    )
    for limits in ("fixed", "widening"):
        width = width_for(run_length=100, weight=0.3, sides="one", limits=limits)
        assert run_length(Ewma(0.3, width, "one", limits)).average == pytest.approx(100)
    assert run_length(Shewhart(sigmas_for(run_length=50, sides="one"), "one")).average == pytest.approx(50)


def test_an_ewma_that_forgets_everything_is_a_shewhart_chart():
    for sides in ("one", "two"):
        exact = run_length(Shewhart(2.5, sides), shift=0.7).average
        assert run_length(Ewma(1, 2.5, sides, "fixed"), shift=0.7).average == exact
        assert run_length(Ewma(0.999999, 2.5, sides, "widening"), shift=0.7).average == pytest.approx(exact, rel=1e-4)


def test_a_cusum_agrees_with_a_markov_chain():
    # Brook & Evans 1972: the sum in m + 1 classes, the first of half width.
    allowance, decision, states = 0.3, 3.0, 2001
    width = 2 * decision / (2 * states - 1)
    level = width * np.arange(states)
    upper = norm.cdf(level[None, :] - level[:, None] + width / 2 + allowance)
    step = np.diff(upper, axis=1, prepend=0.0)
    chain = np.linalg.solve(np.eye(states) - step, np.ones(states))[0]
    assert run_length(Cusum(allowance, decision, "one")).average == pytest.approx(chain, rel=MARKOV)


@pytest.mark.parametrize("sides", ["one", "two"])
def test_widening_limits_run_as_long_as_the_chart_itself(sides):
    rng = np.random.default_rng(31)
    weight, width, runs = 0.15, 1.6, 40_000
    average, lasted, going = np.zeros(runs), np.zeros(runs), np.ones(runs, dtype=bool)
    for count in range(1, 2000):
        average = weight * rng.normal(-0.2, 1, runs) + (1 - weight) * average
        lasted += going
        limit = width * math.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * count)))
        going &= ~((average < -limit) | ((average > limit) & (sides == "two")))
    assert not going.any()
    found = run_length(Ewma(weight, width, sides, "widening"), shift=0.2).average
    assert found == pytest.approx(lasted.mean(), rel=SIMULATED)


def test_the_charts_of_this_library_run_as_long_as_computed():
    rng = np.random.default_rng(32)
    ewma, cusum = [], []
    for _ in range(2000):
        z = rng.normal(-0.8, 1, 150)
        low = ewma_chart(z, weight=0.2, width=2).low
        summed = cusum_chart(z, allowance=0.5, decision=3).low
        assert low.any()
        assert summed.any()
        ewma.append(int(low.argmax()) + 1)
        cusum.append(int(summed.argmax()) + 1)
    few = 5 / math.sqrt(2000)
    assert run_length(Ewma(0.2, 2, "one", "widening"), shift=0.8).average == pytest.approx(np.mean(ewma), rel=few)
    assert run_length(Cusum(0.5, 3, "one"), shift=0.8).average == pytest.approx(np.mean(cusum), rel=few)


def test_a_shift_away_from_a_two_sided_chart_counts_like_one_towards_it():
    for chart in (Shewhart(3, "two"), Cusum(0.5, 4, "two"), Ewma(0.2, 2.859, "two", "widening")):
        towards, away = (run_length(chart, shift=shift).average for shift in (1, -1))
        assert towards == pytest.approx(away)
    assert float(run_length(Cusum(0.5, 4, "one"), shift=-0.5)) > 10 * run_length(Cusum(0.5, 4, "one")).average


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Shewhart(0, "two"), "sigmas above 0"),
        (lambda: Shewhart(math.nan, "two"), "sigmas above 0"),
        (lambda: Ewma(0, 3, "two", "fixed"), "weight is at least"),
        (lambda: Ewma(0.2, 3, "two", "loose"), "'fixed' or 'widening'"),
        (lambda: Cusum(-1, 4, "one"), "allowance is 0 or more"),
        (lambda: Cusum(0.5, 4, "three"), "'one' side or 'two'"),
        (lambda: run_length(Shewhart(3, "two"), shift=math.inf), "finite number of SDs"),
        (lambda: run_length(Cusum(0.5, 60, "one")), "practice it never signals"),
        (lambda: run_length(Ewma(0.2, 12, "two", "fixed")), "practice it never signals"),
        (lambda: run_length(Shewhart(60, "one")), "practice it never signals"),
        (lambda: decision_for(run_length=1, allowance=0.5), "lies above 1"),
        (lambda: decision_for(run_length=2, allowance=3), "Even the narrowest"),
    ],
)
def test_a_senseless_chart_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_a_shift_far_towards_one_side_leaves_the_other_sum_out():
    assert run_length(Cusum(0.5, 5, "two"), shift=6).average == pytest.approx(
        run_length(Cusum(0.5, 5, "one"), shift=6).average
    )


def test_the_examples_in_the_text_run():
    assert doctest.testmod(module).failed == 0
