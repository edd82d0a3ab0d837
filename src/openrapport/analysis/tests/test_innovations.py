"""The population scan: against matrices written out, people who follow the curve, and compiled against NumPy."""

import doctest
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.analysis import innovations, kernels
from openrapport.analysis.innovations import scan_innovations, sweep
from openrapport.analysis.kernels import CellFolder, InnovationModel, InnovationScan, Scores

EXACT = 1e-9  # the same arithmetic in another order: rounding only
# 100 000 people who follow the curve, about 800 000 sessions: the SD of the mean of z^2 is sqrt(2 / 800 000) = .0016.
CHANCE = 0.006

MODEL = InnovationModel(58.0, 4.81, 8.046, 2.3453, -0.2265, 0.2387, weight=0.3, width=2.859, limit=3.0)
TIMES = np.r_[np.nan, np.log(np.arange(1.0, 100.0))]


def by_matrices(sessions: list[int], scores: list[float]) -> list[float]:
    """The same innovations from the whole covariance matrix of the scores so far: the definition, not the recursion."""
    d = np.array([[MODEL.d11, MODEL.d12], [MODEL.d12, MODEL.d22]])
    x = np.column_stack([np.ones(len(sessions)), np.log(sessions)])
    covariance = MODEL.sigma**2 * (np.eye(len(sessions)) + x @ d @ x.T)
    residual = np.array(scores) - x @ [MODEL.intercept, MODEL.slope]
    # The innovations of a normal vector are its whitening by the Cholesky factor.
    return list(np.linalg.solve(np.linalg.cholesky(covariance), residual))


def test_innovations_are_the_whitened_scores():
    sessions, scores = [1, 2, 4, 7, 8], [50.0, 61.0, 40.0, 70.0, 66.0]
    found = scan_innovations([3] * 5, sessions, scores, MODEL, time_of=TIMES)
    assert found.z == pytest.approx(by_matrices(sessions, scores), abs=EXACT)


def invented(people: int, seed: int) -> Scores:
    """People who follow MODEL's curve."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 16, people)
    client = np.repeat(np.arange(people), count)
    session = (np.arange(len(client)) - np.repeat(np.cumsum(count) - count, count) + 1).astype(np.int32)
    covariance = MODEL.sigma**2 * np.array([[MODEL.d11, MODEL.d12], [MODEL.d12, MODEL.d22]])
    own = rng.multivariate_normal([MODEL.intercept, MODEL.slope], covariance, people)
    t = TIMES[session]
    score = own[client, 0] + own[client, 1] * t + rng.normal(0, MODEL.sigma, len(client))
    return Scores(client, session, score)


def test_people_who_follow_the_curve_surprise_as_a_standard_normal_from_the_first_session():
    batch = invented(100_000, seed=7)
    found = scan_innovations(batch.client, batch.session, batch.score, MODEL, time_of=TIMES)
    assert float(np.mean(found.z**2)) == pytest.approx(1.0, abs=CHANCE)
    first = found.z[batch.session == 1]
    assert float(np.mean(first**2)) == pytest.approx(1.0, abs=4 * math.sqrt(2 / len(first)))


@given(
    people=st.integers(0, 30),
    seed=st.integers(0, 10_000),
    missing=st.floats(0, 0.6),
    cut=st.integers(0, 200),
    sign=st.sampled_from([1.0, -1.0]),
)
@settings(max_examples=60, deadline=None)
def test_compiled_and_numpy_scans_agree_wherever_a_batch_is_cut(people, seed, missing, cut, sign):
    model = InnovationModel(*(*(getattr(MODEL, name) for name in MODEL.__slots__[:-1]), sign))
    batch = invented(people, seed) if people else Scores(np.empty(0, int), np.empty(0, np.int32), np.empty(0))
    score = np.where(np.random.default_rng(seed).random(len(batch.score)) < missing, np.nan, batch.score)
    expected = sweep(Scores(batch.client, batch.session, score), model, time_of=TIMES)
    scan = InnovationScan(model, time_of=TIMES)
    parts = [
        scan.scan(Scores(batch.client[part], batch.session[part], score[part]))
        for part in (slice(0, cut), slice(cut, None))
    ]
    assert np.concatenate([part.z for part in parts]) == pytest.approx(expected.z, abs=EXACT, nan_ok=True)
    assert np.concatenate([part.average for part in parts]) == pytest.approx(expected.average, abs=EXACT, nan_ok=True)
    assert np.array_equal(np.concatenate([part.flag for part in parts]), expected.flag)


def test_rows_may_come_in_any_order():
    batch = invented(50, seed=3)
    straight = scan_innovations(batch.client, batch.session, batch.score, MODEL, time_of=TIMES)
    order = np.random.default_rng(1).permutation(len(batch.client))
    mixed = scan_innovations(batch.client[order], batch.session[order], batch.score[order], MODEL, time_of=TIMES)
    assert np.array_equal(mixed.z, straight.z[order])


def test_a_session_without_a_time_is_refused():
    with pytest.raises(ValueError, match="has no time"):
        scan_innovations([1], [0], [3.0], MODEL, time_of=TIMES)


def fold(batch: Scores, cuts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    folder = CellFolder(time_of=WHOLE_TIMES, units=10, centre=500)
    edges = [0, *sorted(min(cut, len(batch.client)) for cut in cuts), len(batch.client)]
    ends = []
    for low, high in itertools.pairwise(edges):
        ends += folder.fold(Scores(batch.client[low:high], batch.session[low:high], batch.score[low:high]))
    folder.close(ends)
    return folder.read()


WHOLE_TIMES = np.r_[np.iinfo(np.int64).min, np.round(np.log(np.arange(1.0, 100.0)) * 2**20).astype(np.int64)]


@given(people=st.integers(1, 40), seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 300), max_size=4))
@settings(max_examples=60, deadline=None)
def test_cells_are_the_same_wherever_batches_are_cut_and_equal_a_plain_count(people, seed, cuts):
    batch = invented(people, seed)
    score = np.round(batch.score, 1)
    score[np.random.default_rng(seed).random(len(score)) < 0.3] = np.nan
    whole, moments = fold(Scores(batch.client, batch.session, score), cuts)
    expected: dict[tuple[int, int, int], list[int]] = {}
    for person in range(people):
        mine = (batch.client == person) & ~np.isnan(score)
        if not mine.any():
            continue
        t = [int(value) for value in WHOLE_TIMES[batch.session[mine]]]
        y = [round(float(value) * 10) - 500 for value in score[mine]]
        sy, sty = sum(y), sum(a * b for a, b in zip(t, y, strict=True))
        cell = expected.setdefault((len(t), sum(t), sum(a * a for a in t)), [0] * 7)
        more = (1, sy, sty, sy * sy, sy * sty, sty * sty, sum(b * b for b in y))
        expected[(len(t), sum(t), sum(a * a for a in t))] = [a + b for a, b in zip(cell, more, strict=True)]
    assert [tuple(row[:3]) for row in whole.tolist()] == sorted(expected)
    for row, moment in zip(whole.tolist(), moments.tolist(), strict=True):
        assert [*row[3:], *moment] == [float(value) for value in expected[tuple(row[:3])]]


@pytest.mark.parametrize(
    ("client", "session", "score", "problem"),
    [
        ([2, 1], [1, 1], [50.0, 50.0], "not ordered by client"),
        ([1, 1], [1, 100], [50.0, 50.0], "has no time"),
        ([1], [0], [50.0], "has no time"),
        ([1], [1], [50.05], "no whole number of units"),
        ([1], [1], [1e12], "too large"),
    ],
)
def test_the_kernel_refuses_what_it_cannot_count(client, session, score, problem):
    folder = CellFolder(time_of=WHOLE_TIMES, units=10, centre=500)
    with pytest.raises(ValueError, match=problem):
        folder.close(folder.fold(Scores(np.array(client), np.array(session, np.int32), np.array(score))))


def test_the_compiled_kernels_were_built_here():
    """The tests above compare them with NumPy; without them half would be empty. They take a C compiler: gcc."""
    assert kernels.available()


def test_examples_in_docstrings():
    assert doctest.testmod(innovations).failed == 0
    assert doctest.testmod(innovations).attempted == 3
