"""A search that arrives at a singular D looks for a way down before it stops there."""

import numpy as np
import pytest

from openrapport.analysis.growth import boundary
from openrapport.analysis.growth.boundary import CERTIFICATE, find_minimum, steepest
from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.criterion import slopes_at
from openrapport.analysis.growth.fit import fit_design, growth
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


@pytest.mark.parametrize("therapist", [None, "therapist"])
def test_one_client_with_most_of_the_scores_does_not_lead_the_full_likelihood_astray(therapist):
    """The full likelihood then has a second valley at a singular matrix. Its minimum is nowhere above the full
    deviance at the restricted minimum's variances, which is at most the value of a fit that begins there."""
    rng = np.random.default_rng(8)
    for _ in range(12):
        sizes = np.r_[60, rng.integers(1, 9, 24)]
        client = np.repeat(np.arange(25), sizes)
        time = np.concatenate([np.arange(size, dtype=float) for size in sizes])
        own = rng.multivariate_normal([0, 0], [[4, -0.24], [-0.24, 0.16]], 25)[client]
        score = 10 + own[:, 0] + (0.5 + own[:, 1]) * time + rng.normal(0, 1, len(client))
        table = {"score": score, "time": time, "client": client, "therapist": client % 5}
        model = {"outcome": "score", "client": "client", "fixed": "time", "random": "1 + time"}
        ml, reml = (growth(table, **model, method=method) for method in ("ml", "reml"))
        assert ml.deviance <= full_deviance(table, reml) + 1e-7
        if therapist:
            three = growth(table, **model, method="ml", therapist=therapist)
            assert three.deviance <= ml.deviance + 1e-7


def full_deviance(table, fit):
    """-2 log likelihood at a fit's variances, client by client, fixed effects at their best there."""
    sd, r = list(fit.random["client"].sd.values()), fit.random["client"].corr[0][1] or 0.0
    between = np.array([[sd[0] ** 2, r * sd[0] * sd[1]], [r * sd[0] * sd[1], sd[1] ** 2]])
    z = np.column_stack([np.ones(len(table["time"])), table["time"]])
    products, logs = np.zeros((3, 3)), 0.0
    for one in np.unique(table["client"]):
        rows = table["client"] == one
        v = z[rows] @ between @ z[rows].T + fit.residual_sd**2 * np.eye(int(rows.sum()))
        own = np.column_stack([z[rows], table["score"][rows]])
        products += own.T @ np.linalg.solve(v, own)
        logs += np.linalg.slogdet(v)[1]
    left = products[2, 2] - products[2, :2] @ np.linalg.solve(products[:2, :2], products[:2, 2])
    return logs + len(z) * np.log(2 * np.pi) + left
