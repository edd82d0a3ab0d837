"""The empirical-Bayes baseline against lme4 on the sleepstudy data, and against worked numbers."""

import math
from importlib.resources import files

import numpy as np
import pytest

from openrapport.analysis.baseline import Population, baseline, estimate_population, population_of, predictive_z
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.simulate import never_changing

# lme4 prints five or three decimals of these values.
AS_PRINTED = 0.0005
PEOPLE = Population(mean=8, between_sd=1, within_sd=2, within_df=math.inf, minimum=None, maximum=None)


@pytest.fixture
def sleepers() -> dict[int, np.ndarray]:
    with files("openrapport.analysis.tests").joinpath("sleepstudy.csv").open() as file:
        rows = np.loadtxt(file, delimiter=",", skiprows=2)
    return {int(row[0]): row[1:] for row in rows}


def test_moments_agree_with_lme4_where_everybody_has_ten_scores(sleepers):
    # lmer(Reaction ~ 1 + (1 | Subject)), REML: 298.51, SDs 35.75 and 44.26. Balanced, so moments are REML.
    found = estimate_population(list(sleepers.values()), minimum=None, maximum=None)
    assert found.mean == pytest.approx(298.508, abs=AS_PRINTED)
    assert found.between_sd == pytest.approx(35.754, abs=AS_PRINTED)
    assert found.within_sd == pytest.approx(44.259, abs=AS_PRINTED)


def test_subject_308_is_shrunk_as_in_lme4(sleepers):
    population = estimate_population(list(sleepers.values()), minimum=None, maximum=None)
    found = baseline(sleepers[308].tolist(), population)
    assert found.shrinkage == pytest.approx(0.86713, abs=0.000005)
    assert found.observed_mean is not None
    assert found.observed_mean - population.mean == pytest.approx(43.626, abs=AS_PRINTED)
    assert found.mean - population.mean == pytest.approx(37.829, abs=AS_PRINTED)


def test_before_the_first_score_only_the_population_is_known():
    found = baseline([], PEOPLE)
    assert (found.mean, found.shrinkage, found.observed_mean) == (8, 0, None)
    assert found.predictive_sd == pytest.approx(math.hypot(1, 2))


def test_a_score_that_was_not_given_counts_for_nothing():
    assert baseline([7, None, 9], PEOPLE) == baseline([7, 9], PEOPLE)


def test_worked_by_hand():
    # n 4, mean 6: B = 1 / (1 + 4/4) = .5; mean 8 + .5 (6 - 8) = 7; predictive variance 4 + 1 x (1 - .5) = 4.5.
    found = baseline([5, 7, 5, 7], PEOPLE)
    assert (found.shrinkage, found.mean, found.within_sd) == (0.5, 7.0, 2.0)
    assert predictive_z(1, found) == pytest.approx((1 - 7) / math.sqrt(4.5))


def test_a_persons_own_ups_and_downs_count_by_weight():
    # s2 = (nu0 sigma2 + (n - 1) s2) / (nu0 + n - 1) = (5 x 4 + 4) / (5 + 3)
    weighed = Population(8, 1, 2, 5, None, None)
    assert baseline([5, 7, 5, 7], weighed).within_sd == pytest.approx(math.sqrt(24 / 8))


def test_predictions_are_standard_normal_before_anything_happens():
    rng = np.random.default_rng(7)
    scores = never_changing(PEOPLE, sessions=9, people=4000, rng=rng)
    z = [predictive_z(course[-1], baseline(course[:-1].tolist(), PEOPLE)) for course in scores]
    # Standard errors over 4 000 people: .016 for the mean, .011 for the SD; four of each.
    assert np.mean(z) == pytest.approx(0, abs=0.064)
    assert np.std(z) == pytest.approx(1, abs=0.045)


def test_unbalanced_courses_give_back_the_population_they_came_from():
    truth = Population(mean=7, between_sd=1.2, within_sd=0.8, within_df=10, minimum=None, maximum=None)
    rng = np.random.default_rng(11)
    scores = never_changing(truth, sessions=20, people=12_000, rng=rng)
    courses = [course[: rng.integers(2, 21)] for course in scores]
    found = estimate_population(courses, minimum=None, maximum=None)
    # Four standard errors of each estimate at 12 000 people; the weight is a ratio of moments and less sure.
    assert found.mean == pytest.approx(7, abs=0.07)
    assert found.between_sd == pytest.approx(1.2, abs=0.05)
    assert found.within_sd == pytest.approx(0.8, abs=0.02)
    assert found.within_df == pytest.approx(10, rel=0.1)


def test_unequal_courses_worked_by_hand():
    # Means 2 and 7 of 2 and 4 scores. Within: (2 + 12) / 4 = 3.5. Between: (33.333 - 3.5) / 2.6667 = 11.1875.
    # Weights 1 / (11.1875 + 3.5 / n) give the mean 4.5875.
    found = estimate_population([[1, 3], [6, 6, 6, 10], []], minimum=None, maximum=None)
    assert found.within_sd**2 == pytest.approx(3.5)
    assert found.between_sd**2 == pytest.approx(11.1875)
    assert found.mean == pytest.approx(4.5875, abs=0.00005)


def test_people_who_are_alike_need_no_weight():
    scores = never_changing(PEOPLE, sessions=10, people=3000, rng=np.random.default_rng(5))
    assert estimate_population(list(scores), minimum=None, maximum=None).within_df > 100


@pytest.mark.parametrize(
    ("courses", "words"),
    [([], "two people"), ([[1, 2]], "two people"), ([[1], [2]], "two people"), ([[1, 1], [2, 2]], "vary")],
)
def test_too_little_to_estimate_from_is_refused(courses, words):
    with pytest.raises(ValueError, match=words):
        estimate_population(courses, minimum=None, maximum=None)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="holds numbers"):
        baseline([7, value], PEOPLE)


def test_an_instruments_norms_make_its_population():
    found = population_of(get_instrument("alliance-adult"))
    assert (found.minimum, found.maximum) == (0, 10)
    assert found.step == pytest.approx(1 / 7)
    with pytest.raises(LookupError, match="child-connecting@1 has no norms"):
        population_of(get_instrument("child-connecting"))
