"""The population scan: how surprising each session is by a fitted growth curve, given the same client's earlier ones.

One-step-ahead empirical-Bayes innovations of a random intercept and slope. With D = Sigma_b / sigma^2, S and u the
cross products of the sessions before (of design and residual), T = (I + S D)^-1 and x = (1, t) of the new one:

    z = (r - x'D T u) / (sigma sqrt(1 + x'D T x))

which is N(0, 1) from the first session on for everybody who follows the curve (Kalman 1960; Laird & Ware 1982). A
session is flagged when z, or its exponentially weighted average (Roberts 1959), falls below its limit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis import kernels
from openrapport.analysis.kernels import Floats, InnovationModel, Innovations, Ints, Scores


def scan_innovations(
    client: Ints, session: NDArray[np.int32], score: Floats, model: InnovationModel, *, time_of: Floats
) -> Innovations:
    """Scan rows (rows,) of any order; the result is in the order of the rows. `time_of` (sessions,) gives t by session
    number, NaN where there is no such session. A missing score (NaN) gives NaN and no flag.

    >>> model = InnovationModel(20.0, 0.0, 2.0, 1.0, 0.0, 0.0, weight=0.3, width=2.859, limit=3.0)
    >>> found = scan_innovations([1, 1], [1, 2], [20.0, 10.0], model, time_of=[np.nan, 0.0, np.log(2.0)])
    >>> [round(float(z), 3) for z in found.z], found.flag.tolist()
    ([0.0, -4.082], [False, True])
    """
    batch = Scores(
        np.asarray(client, dtype=np.int64), np.asarray(session, dtype=np.int32), np.asarray(score, dtype=np.float64)
    )
    times = np.asarray(time_of, dtype=np.float64)
    check_times(batch, times)
    order = None if _in_order(batch) else np.lexsort((batch.session, batch.client))
    if order is not None:
        batch = Scores(batch.client[order], batch.session[order], batch.score[order])
    if kernels.available():
        found = kernels.InnovationScan(model, time_of=times).scan(batch)
    else:
        found = sweep(batch, model, time_of=times)
    return found if order is None else _back(found, order)


def check_times(batch: Scores, times: Floats) -> None:
    """Raises ValueError where a session with a score has no time in `times`, or a score is infinite."""
    given = ~np.isnan(batch.score)
    if np.isinf(batch.score).any():
        raise ValueError("A score is infinite.")
    sessions = batch.session[given]
    if len(sessions) and (sessions.min() < 0 or sessions.max() >= len(times) or np.isnan(times[sessions]).any()):
        raise ValueError("A session number has no time: it is below the first or above the last that was expected.")


def _in_order(batch: Scores) -> bool:
    step = np.diff(batch.client)
    return bool(((step > 0) | ((step == 0) & (np.diff(batch.session) >= 0))).all())


def _back(found: Innovations, order: NDArray[np.intp]) -> Innovations:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Innovations(found.z[place], found.average[place], found.flag[place])


def sweep(batch: Scores, model: InnovationModel, *, time_of: Floats) -> Innovations:
    """The scan in NumPy: session by session over all clients still present; rows by client and session."""
    rows = len(batch.client)
    z, average, flag = np.full(rows, np.nan), np.full(rows, np.nan), np.zeros(rows, dtype=np.bool_)
    kept = np.flatnonzero(~np.isnan(batch.score))
    if not len(kept):
        return Innovations(z, average, flag)
    client, t = batch.client[kept], time_of[batch.session[kept]]
    residual = batch.score[kept] - model.intercept - model.slope * t
    start = np.flatnonzero(np.r_[True, client[1:] != client[:-1]])
    length = np.diff(np.r_[start, len(client)])
    longest_first = np.argsort(-length, kind="stable")
    start, length = start[longest_first], length[longest_first]
    present = np.searchsorted(-length, -np.arange(length[0]), side="left")  # how many have more than k sessions
    sums, moving, left = np.zeros((4, len(start))), np.zeros(len(start)), 1.0
    steady = model.width * np.sqrt(model.weight / (2 - model.weight))
    for k, count in enumerate(present):
        place = start[:count] + k
        sums, moving = sums[:, :count], moving[:count]
        one = _innovation(float(k), sums, t[place], residual[place], model)
        moving = model.weight * one + (1 - model.weight) * moving
        left *= (1 - model.weight) * (1 - model.weight)
        row = kept[place]
        z[row], average[row] = one, moving
        low = -steady * np.sqrt(1 - left)
        flag[row] = (model.sign * one < -model.limit) | (model.sign * moving < low)
        new = t[place], t[place] * t[place], residual[place], t[place] * residual[place]
        sums = sums + np.stack(new)
    return Innovations(z, average, flag)


def _innovation(n: float, sums: Floats, t: Floats, residual: Floats, m: InnovationModel) -> Floats:
    """`sums` (4, clients): of t, t^2, r and t*r over the `n` sessions before. Written out: the matrices are 2 by 2."""
    st, stt, sr, sty = sums
    q11, q12 = 1 + m.d11 * n + m.d12 * st, m.d12 * n + m.d22 * st
    q21, q22 = m.d11 * st + m.d12 * stt, 1 + m.d12 * st + m.d22 * stt
    inverse = 1 / (q11 * q22 - q12 * q21)
    h1, h2 = (q22 * sr - q12 * sty) * inverse, (q11 * sty - q21 * sr) * inverse
    p, q = m.d11 + m.d12 * t, m.d12 + m.d22 * t
    spread = 1 + (p * (q22 - q12 * t) + q * (q11 * t - q21)) * inverse
    return np.asarray((residual - p * h1 - q * h2) / (m.sigma * np.sqrt(spread)))
