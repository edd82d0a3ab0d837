"""Data that cannot carry the model: a sentence, or an estimate on the boundary that says so. Never NaN."""

import numpy as np
import pytest

from openrapport.analysis.growth.fit import growth

CLIENT = np.repeat(np.arange(20), 5)
TIME = np.tile(np.arange(5.0), 20)
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=100)
OWN = RNG.normal(size=20)[CLIENT]


def fit(score, client=CLIENT, time=TIME, fixed="time", random="1 + time", method="reml", **more):
    table = {"score": score, "client": client, "time": time, **more}
    return growth(table, outcome="score", client="client", fixed=fixed, random=random, method=method)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_slopes_without_variance_converge_on_the_boundary_and_say_so(method):
    # Every client's own slope is taken out of the scores, so that none differ.
    slopes = ((TIME - 2) * NOISE).reshape(20, 5).sum(axis=1) / 10
    found = fit(10 + TIME + 3 * OWN + NOISE - slopes[CLIENT] * (TIME - 2), time=TIME - 2, method=method)
    assert found.converged
    assert found.boundary == ("client",)
    assert found.random["client"].sd["time"] == 0
    assert found.random["client"].corr == ((1.0, None), (None, None))
    assert found.message == "Converged on the boundary: clients do not differ in time beyond chance."
    assert found.random["client"].sd["(Intercept)"] > 1


def test_clients_who_do_not_differ_at_all():
    within = NOISE - NOISE.reshape(20, 5).mean(axis=1)[CLIENT]
    found = fit(within, fixed="1", random="1")
    assert found.converged
    assert found.random["client"].sd == {"(Intercept)": 0}
    assert found.residual_sd == pytest.approx(np.sqrt((within**2).sum() / 99))


def test_a_perfect_correlation_is_said():
    found = fit(5 + 3 * OWN + 0.8 * OWN * TIME + NOISE)
    assert found.converged
    if found.boundary:
        assert found.random["client"].corr[1][0] == 1
        assert "correlation of 1 or -1" in found.message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client": np.arange(100)}, "as few scores as random effects"),
        ({"client": np.arange(100), "random": "1"}, "as few scores as random effects"),
        ({"client": np.repeat(np.arange(50), 2), "time": np.tile([0.0, 1.0], 50)}, "as few scores as random effects"),
        ({"client": np.zeros(100, dtype=int)}, "2 random effects take at least 2 clients; here there are 1"),
        ({"client": np.repeat([0, 1], 50), "random": "1 + time + I(time^2)"}, "take at least 3 clients"),
        ({"score": np.full(100, 7.0)}, "reproduce every score"),
        ({"score": 1 + 2 * TIME}, "reproduce every score"),
        ({"score": OWN + OWN**2 * TIME}, "residual variance is zero"),
        ({"score": OWN + NOISE, "mood": NOISE, "fixed": "time + mood"}, "residual variance is zero"),
        ({"fixed": "time + twice", "twice": 2 * TIME}, "twice follows from the columns before"),
        ({"method": "REML"}, '"reml" or "ml"'),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_words(change, says):
    with pytest.raises(ValueError, match=says):
        fit(**({"score": OWN + NOISE} | change))


@pytest.mark.parametrize(("y", "t", "zero"), [(1e-8, 1e-9, 0.0), (1e8, 1e9, 1e12), (1.0, 1e-3, 0.0)])
def test_units_do_not_matter(y, t, zero):
    plain = fit(3 + TIME + OWN + NOISE)
    scaled = fit((3 + TIME + OWN + NOISE) * y, time=TIME * t + zero)
    assert scaled.fixed["time"].estimate == pytest.approx(plain.fixed["time"].estimate * y / t, rel=1e-6)
    assert scaled.residual_sd == pytest.approx(plain.residual_sd * y, rel=1e-6)
    assert scaled.random["client"].sd["time"] == pytest.approx(plain.random["client"].sd["time"] * y / t, rel=1e-5)


def test_left_out_rows_are_in_the_message():
    found = fit(np.where(NOISE > 1, np.nan, OWN + NOISE))
    assert found.message.endswith(f"{(NOISE > 1).sum()} rows with something missing were left out.")
    assert found.n_rows == 100 - (NOISE > 1).sum()


def test_two_clients_are_enough_to_converge():
    found = fit((NOISE + OWN)[:10], CLIENT[:10], TIME[:10])
    assert found.converged
    assert np.isfinite(found.deviance)


def test_a_therapist_makes_a_third_level_and_changes_of_therapist_a_crossed_group():
    table = {"client": CLIENT, "time": TIME, "score": 3 + TIME + OWN + NOISE, "therapist": CLIENT // 4}
    columns = {"outcome": "score", "client": "client", "fixed": "time", "random": "1", "method": "reml"}
    nested = growth(table, therapist="therapist", **columns)
    assert set(nested.random) == {"client", "therapist"}
    assert "crossed" not in nested.message
    changed = table | {"therapist": (CLIENT // 4 + (TIME > 2)) % 5}
    assert (
        "more than one therapist, so it was fitted as a crossed group"
        in growth(changed, therapist="therapist", **columns).message
    )
