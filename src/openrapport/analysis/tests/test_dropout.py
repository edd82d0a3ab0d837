"""The hazard of dropping out against R's glm, against a simulated hazard that is known, and what it must refuse."""

import csv
import doctest
import json
import math
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import dropout as module
from openrapport.analysis.dropout import dropout_risk, risk_by, risk_next
from openrapport.analysis.logistic import SeparationError

# Both iterate to machine precision; the reference is written with 14 digits.
AS_IN_R = 1e-8
EXACT = 1e-9

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "dropout.json").read_text())


@pytest.fixture(scope="module")
def data():
    with (REFERENCE / "dropout.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def fit(data, **changed):
    chosen = {"baseline": "log", "held_out": 0, "seed": 1, **changed}
    covariates = chosen.pop("covariates", {name: data[name] for name in ("distress", "alliance")})
    return dropout_risk(data["person"], data["session"], data["dropped_out"], covariates, **chosen)


@pytest.mark.parametrize(("baseline", "steps"), [("log", ()), ("steps", (1, 2, 3, 6))])
def test_coefficients_are_those_of_glm(data, baseline, steps):
    found = fit(data, baseline=baseline, steps=steps).hazard
    expected = FROM_R[baseline]
    assert [b.estimate for b in found.coefficients.values()] == pytest.approx(expected["b"], rel=AS_IN_R)
    assert [b.se for b in found.coefficients.values()] == pytest.approx(expected["se"], rel=1e-6)
    assert found.deviance == pytest.approx(expected["deviance"], rel=AS_IN_R)
    assert (found.n_people, found.n_events, found.n_rows) == (160, 123, 703)


def test_risks_are_those_that_glm_predicts(data):
    hazard = fit(data).hazard
    somebody = {"distress": 1.0, "alliance": 30.0}
    assert risk_next(hazard, 2, somebody) == pytest.approx(FROM_R["risk_next"], rel=AS_IN_R)
    assert risk_by(hazard, after=2, until=6, covariates=somebody) == pytest.approx(FROM_R["risk_by_6"], rel=AS_IN_R)


def test_a_step_without_covariates_is_the_share_who_dropped_out():
    person = [p for p in range(20) for _ in range(2)]
    event = [e for p in range(20) for e in ((0, int(p < 6)))]
    event[38] = 1
    del person[39], event[39]
    session = [1, 2] * 19 + [1]
    found = dropout_risk(person, session, event, baseline="steps", steps=(1, 2), held_out=0, seed=1).hazard
    # 1 of 20 after session 1; 6 of 19 after session 2.
    assert risk_next(found, 1) == pytest.approx(1 / 20, rel=EXACT)
    assert risk_next(found, 2) == pytest.approx(6 / 19, rel=EXACT)
    assert risk_by(found, after=1, until=3) == pytest.approx(1 - 19 / 20 * 13 / 19, rel=EXACT)


def draw(people, seed, sessions=12):
    """Log odds -2 - .5 log session + .8 distress; a twentieth of those still there ends as planned each session."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        distress = rng.normal()
        for session in range(1, sessions + 1):
            gone = rng.random() < 1 / (1 + math.exp(2 + 0.5 * math.log(session) - 0.8 * distress))
            rows.append((person, session, int(gone), distress))
            if gone or rng.random() < 0.05:
                break
    person, session, event, distress = zip(*rows, strict=True)
    return person, session, event, {"distress": distress}


def test_a_known_hazard_is_recovered_and_intervals_hold_it():
    # 200 seeded practices; 95 % with a standard error of 1.5 %.
    truth = {"intercept": -2.0, "log_session": -0.5, "distress": 0.8}
    drawn = [
        dropout_risk(*draw(300, seed), baseline="log", held_out=0, seed=1).hazard.coefficients for seed in range(200)
    ]
    for name, value in truth.items():
        found = [one[name] for one in drawn]
        assert np.mean([b.estimate for b in found]) == pytest.approx(value, abs=0.03)
        assert 0.90 < np.mean([b.low <= value <= b.high for b in found]) <= 0.99


@pytest.fixture(scope="module")
def judged():
    return dropout_risk(*draw(4000, 77), baseline="log", held_out=0.5, seed=5)


def test_a_true_model_is_calibrated_on_people_held_out(judged):
    check = judged.check
    # The model was learnt from as many people as it is judged on: both halves err, so the error is root two as large.
    assert abs(check.slope.estimate - 1) < 3 * math.sqrt(2) * check.slope.se
    assert abs(check.intercept.estimate) < 3 * math.sqrt(2) * check.intercept.se
    assert len(check.curve) == 10
    for tenth in check.curve:
        spread = math.sqrt(tenth.predicted * (1 - tenth.predicted) / tenth.n)
        assert abs(tenth.observed - tenth.predicted) < 3.5 * spread
    assert check.brier < check.brier_reference
    assert check.reference == judged.base_rate


def test_people_and_not_rows_are_held_out(judged):
    assert judged.hazard.n_people == 2000
    assert judged.hazard.n_rows + judged.check.n == len(draw(4000, 77)[0])


def test_a_ridge_shrinks_covariates_and_leaves_the_baseline_free(data):
    free, held = fit(data).hazard, fit(data, ridge=50.0).hazard
    for name in ("distress", "alliance"):
        assert abs(held.coefficients[name].estimate) < abs(free.coefficients[name].estimate)
    # The penalised score is zero: sum x (y - h) = ridge x variance x coefficient, and no pull on the baseline.
    x = np.column_stack([np.ones(703), np.log(data["session"]), data["distress"], data["alliance"]])
    b = np.array([one.estimate for one in held.coefficients.values()])
    score = x.T @ (np.array(data["dropped_out"]) - 1 / (1 + np.exp(-x @ b)))
    assert score == pytest.approx([0, 0, *(50 * x[:, 2:].var(axis=0) * b[2:])], abs=1e-5)


def test_the_unit_of_a_covariate_does_not_matter_to_the_ridge(data):
    tenfold = {**data, "alliance": [10 * value for value in data["alliance"]]}
    here, there = (fit(one, ridge=20.0).hazard.coefficients["alliance"].estimate for one in (data, tenfold))
    assert there * 10 == pytest.approx(here, rel=1e-6)


def test_a_column_that_tells_events_apart_is_named(data):
    with pytest.raises(SeparationError, match="'will_go'") as caught:
        fit(data, covariates={"will_go": [e * 2 + i % 2 / 4 for i, e in enumerate(data["dropped_out"])]})
    assert "will_go" in caught.value.columns


def test_a_column_that_tells_only_some_apart_is_named_too(data):
    never = [1.0 if e == 0 and i % 5 == 0 else 0.0 for i, e in enumerate(data["dropped_out"])]
    with pytest.raises(SeparationError, match="'never'"):
        fit(data, covariates={"never": never, "distress": data["distress"]})
    assert fit(data, covariates={"never": never}, ridge=1.0).hazard.coefficients["never"].estimate < 0


def test_separation_is_found_in_a_handful_of_people_too():
    with pytest.raises(SeparationError, match="'alliance'"):
        dropout_risk(
            range(6),
            [1] * 6,
            [0, 0, 0, 1, 1, 1],
            {"alliance": [36, 35, 34, 22, 20, 21]},
            baseline="steps",
            steps=[1],
            held_out=0,
            seed=1,
        )


@pytest.mark.parametrize("gone", [0, 1])
def test_a_step_in_which_all_or_none_drop_out_is_named(gone):
    with pytest.raises(ValueError, match="step from session 2 has"):
        dropout_risk(
            [1, 1, 2, 3, 3, 4],
            [1, 2, 1, 1, 2, 1],
            [0, gone, 1, 0, gone, 0],
            baseline="steps",
            steps=(1, 2),
            held_out=0,
            seed=1,
        )


GOOD = {"person": [1, 1, 2, 3, 3], "session": [1, 2, 1, 1, 2], "dropped_out": [0, 1, 1, 0, 0]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"session": [1, 1, 1, 1, 2]}, "same session twice"),
        ({"session": [0, 1, 1, 1, 2]}, "whole numbers from 1"),
        ({"dropped_out": [1, 1, 1, 0, 0]}, "session after they dropped out"),
        ({"dropped_out": [0, 2, 1, 0, 0]}, "is 1 where"),
        ({"dropped_out": [0, 0, 0, 0, 0]}, "some sessions after which"),
        ({"person": [1, 1, 2]}, "different length"),
        ({"held_out": 1.0}, "held out lies"),
        ({"ridge": -1.0}, "ridge is"),
        ({"steps": (1, 2)}, "Steps go with"),
        ({"baseline": "steps"}, "first session of each step"),
        ({"baseline": "steps", "steps": (2, 3)}, "first session of each step"),
        ({"covariates": {"x": [None] * 5}}, "No row has every covariate"),
        ({"covariates": {"x": [4] * 5}}, "'x' does not vary"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_reason(changed, message):
    with pytest.raises(ValueError, match=message):
        dropout_risk(**{**GOOD, "baseline": "log", "held_out": 0, "seed": 1, **changed})


def test_rows_without_a_covariate_are_left_out_and_counted(data):
    gap = {**data, "distress": [None, *data["distress"][1:]]}
    found = fit(gap)
    assert (found.dropped, found.hazard.n_rows) == (1, 702)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"after": 2, "until": 2}, "`until` comes after"),
        ({"after": 2, "until": 40}, "Sessions run from 1 to 12"),
        ({"after": 2, "until": 3, "covariates": {"distress": 1.0}}, "exactly these covariates: distress, alliance"),
        ({"after": 2, "until": 3, "covariates": {"distress": 1.0, "alliance": math.nan}}, "without a number"),
    ],
)
def test_a_risk_is_not_given_beyond_what_was_learnt(data, arguments, message):
    somebody = {"covariates": {"distress": 1.0, "alliance": 30.0}}
    with pytest.raises(ValueError, match=message):
        risk_by(fit(data).hazard, **{**somebody, **arguments})


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
