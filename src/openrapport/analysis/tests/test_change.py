"""Reliable and clinically significant change against the worked example of Jacobson & Truax 1991."""

import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.change import clinical_change, clinical_cut_offs, reliable_change, reliable_change_of

# The article prints two or three decimals.
AS_PRINTED = 0.005


def test_the_worked_example_of_jacobson_and_truax():
    found = reliable_change(32.5, 47.5, sd=7.5, reliability=0.80, direction="higher_is_better")
    assert found.standard_error == pytest.approx(4.743, abs=0.0005)
    assert found.index == pytest.approx(3.16, abs=AS_PRINTED)
    assert found.verdict == "better"


def test_the_same_difference_is_worse_where_lower_is_better():
    found = reliable_change(32.5, 47.5, sd=7.5, reliability=0.80, direction="lower_is_better")
    assert (found.verdict, found.difference) == ("worse", 15.0)


def test_a_difference_within_the_noise_is_no_reliable_change():
    # 1.96 x 4.743 = 9.30
    for after, verdict in (
        (41.7, "no_reliable_change"),
        (41.9, "better"),
        (23.3, "no_reliable_change"),
        (23.1, "worse"),
    ):
        found = reliable_change(32.5, after, sd=7.5, reliability=0.80, direction="higher_is_better")
        assert found.verdict == verdict


def test_the_three_cut_offs_of_the_worked_example():
    cut_offs = clinical_cut_offs(troubled_mean=40, troubled_sd=7.5, well_mean=60, well_sd=7.5)
    assert (cut_offs.a, cut_offs.b, cut_offs.c) == (55, 45, 50)


def test_the_cut_offs_turn_with_the_direction():
    cut_offs = clinical_cut_offs(troubled_mean=20, troubled_sd=4, well_mean=8, well_sd=2)
    assert (cut_offs.a, cut_offs.b) == (12, 12)
    assert cut_offs.c == pytest.approx((4 * 8 + 2 * 20) / 6)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (32.5, 51, "recovered"),
        (32.5, 47.5, "improved"),
        (32.5, 36, "unchanged"),
        (32.5, 20, "deteriorated"),
        (52, 70, "improved"),
    ],
)
def test_recovery_takes_reliable_change_across_the_cut_off(before, after, outcome):
    found = clinical_change(before, after, cut_off=50, sd=7.5, reliability=0.8, direction="higher_is_better")
    assert found.outcome == outcome


@pytest.mark.parametrize(("sd", "reliability"), [(0, 0.8), (7.5, 1.0), (7.5, -0.1)])
def test_senseless_numbers_are_refused(sd, reliability):
    with pytest.raises(ValueError, match="Reliable change needs"):
        reliable_change(1, 2, sd=sd, reliability=reliability, direction="higher_is_better")


def test_an_instrument_brings_its_own_noise():
    found = reliable_change_of(6.0, 3.0, get_instrument("wellbeing-adult"))
    assert found is not None
    # sqrt(1.8^2 + 1.1^2) x sqrt(2 x (1 - .85)) = 1.1554
    assert found.standard_error == pytest.approx(1.1554, abs=0.0001)
    assert found.verdict == "worse"


def test_an_instrument_without_norms_has_no_reliable_change():
    assert reliable_change_of(6, 1, get_instrument("child-connecting")) is None
