"""Control charts against the worked examples of the NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2."""

import numpy as np
import pytest

from openrapport.analysis.charts import cusum_chart, ewma_chart, individuals_chart

# The handbook prints two decimals and rounds its constants to three or four figures on the way.
AS_PRINTED = 0.006

FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
EWMA_DATA = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6]
EWMA_PRINTED = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05]
CUSUM_DATA = [324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600, 324.625]
CUSUM_DATA += [325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350]
CUSUM_UPWARD = [0, 0, 0, 0, 0.03, 0, 0, 0, 0, 0, 0, 0, 3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00]


def test_individuals_chart_of_the_handbook():
    chart = individuals_chart(FLOW, sigmas=3)
    assert chart.centre == pytest.approx(50.81, abs=AS_PRINTED)
    assert chart.mean_moving_range == pytest.approx(1.8778, abs=AS_PRINTED)
    assert (chart.lower, chart.upper) == pytest.approx((45.8159, 55.8041), abs=AS_PRINTED)


def test_ewma_chart_of_the_handbook():
    chart = ewma_chart((np.array(EWMA_DATA) - 50) / 2.0539, weight=0.3, width=3)
    assert (chart.values * 2.0539 + 50)[:14] == pytest.approx(EWMA_PRINTED, abs=AS_PRINTED)
    assert chart.limits[-1] * 2.0539 == pytest.approx(2.5884, abs=AS_PRINTED)
    assert not chart.low.any()


def test_ewma_limits_begin_narrow():
    # After one value the average's SD is lambda.
    assert ewma_chart([0.0], weight=0.2, width=3).limits[0] == pytest.approx(0.6)


def test_cusum_chart_of_the_handbook():
    chart = cusum_chart(np.array(CUSUM_DATA) - 325, allowance=0.3175, decision=4.1959)
    assert chart.upward[:19] == pytest.approx(CUSUM_UPWARD, abs=AS_PRINTED)
    assert np.flatnonzero(chart.high).tolist() == [13, 14, 15, 16, 17, 18, 19]
    assert not chart.low.any()


def test_a_cusum_turned_round_signals_on_the_other_side():
    chart = cusum_chart(325 - np.array(CUSUM_DATA), allowance=0.3175, decision=4.1959)
    assert int(np.argmax(chart.low)) == 13


def test_one_value_makes_no_chart():
    with pytest.raises(ValueError, match="at least two"):
        individuals_chart([1.0], sigmas=3)


def test_a_chart_refuses_a_missing_value():
    for chart in (
        lambda values: individuals_chart(values, sigmas=3),
        lambda values: ewma_chart(values, weight=0.2, width=3),
        lambda values: cusum_chart(values, allowance=0.5, decision=4),
    ):
        with pytest.raises(ValueError, match="numbers only"):
            chart([0.1, float("nan"), -0.3])


def test_an_ewma_of_a_weight_above_one_is_refused():
    with pytest.raises(ValueError, match="weight"):
        ewma_chart([0.0, 1.0], weight=5, width=3)
