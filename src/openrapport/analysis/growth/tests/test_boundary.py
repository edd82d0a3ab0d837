"""A search that arrives at a singular D looks for a way down before it stops there."""

import numpy as np
import pytest

from openrapport.analysis.growth import boundary
from openrapport.analysis.growth.boundary import CERTIFICATE, find_minimum, steepest
from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.criterion import slopes_at
from openrapport.analysis.growth.fit import fit_design
from openrapport.analysis.growth.model import model_of
from openrapport.analysis.growth.tests.growth_sets import small_set
from openrapport.analysis.growth.tests.reference import sleepstudy

# Both searches stop within 1e-9 of the lowest deviance.
SAME_DEVIANCE = 2e-9


def slept(random):
    design = build_design(sleepstudy(), outcome="Reaction", client="Subject", fixed="Days", random=random)
    return model_of(design).units, fit_design(design, method="reml").deviance


@pytest.mark.parametrize("start", [np.zeros((2, 2)), np.diag([1.0, 0.0]), np.diag([0.0, 2.0]), np.ones((2, 2)) / 2])
def test_a_false_boundary_is_left_again(start):
    # A Cholesky factor with a zero on its diagonal has no slope in that direction: Newton alone stays.
    units, lowest = slept("1 + Days")
    found, certified = find_minimum(units, restricted=True, start=start)
    assert certified
    assert found.point.deviance == pytest.approx(lowest, abs=SAME_DEVIANCE)


def test_three_random_effects_find_their_way_from_nothing():
    units, lowest = slept("1 + Days + I(Days^2)")
    found, certified = find_minimum(units, restricted=True, start=np.zeros((3, 3)))
    assert certified
    assert found.point.deviance == pytest.approx(lowest, abs=1e-6)


def test_without_restarts_the_result_says_that_it_has_no_certificate(monkeypatch):
    monkeypatch.setattr(boundary, "_RESTARTS", 1)
    monkeypatch.setattr(boundary, "_step_off", lambda *_: None)
    units, lowest = slept("1 + Days")
    found, certified = find_minimum(units, restricted=True, start=np.diag([1.0, 0.0]))
    assert not certified
    assert found.point.deviance > lowest + 1


def test_a_true_boundary_holds_its_certificate():
    kept = 0
    for number in (1, 3, 9, 13, 15, 21, 25, 27):
        table = small_set(number)
        design = build_design(table, outcome="score", client="client", fixed="time", random="1 + time")
        if not fit_design(design, method="reml").boundary:
            continue
        kept += 1
        units = model_of(design).units
        found, certified = find_minimum(units, restricted=True, start=np.eye(2))
        slopes = slopes_at(units, found.point, restricted=True, profiled=True)
        assert certified
        assert steepest(slopes)[0] >= CERTIFICATE
        assert np.linalg.eigvalsh(found.point.d)[0] == pytest.approx(0, abs=1e-12)
    assert kept >= 3
