"""Scores of a population: those of the library, whatever the numbers' kind and wherever batches are cut."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.population import scoring
from openrapport.analysis.population.batches import NotStreamable
from openrapport.analysis.population.engines import NotReadable
from openrapport.analysis.population.scoring import score_files
from openrapport.analysis.scoring import ScoringError
from openrapport.analysis.scoring_many import REASONS, score_many

ADULT = get_instrument("alliance-adult")
CODES = [item.code for item in ADULT.items if item.is_numeric]
# Means and squares over batches are merged in another order than at once.
ROUNDING = 1e-12


def answers(rows: int, *, seed: int = 1) -> np.ndarray:
    """0 to 10 with a fifth missing; the first row has no answer, the second is all tens."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 11, (rows, len(CODES))).astype(float)
    table[rng.random(table.shape) < 0.2] = np.nan
    table[0], table[1] = np.nan, 10
    return table


def write(path, table: np.ndarray, *, kind: str = "int8", names=CODES):
    missing = np.isnan(table)
    # What stands under a missing answer is nothing an item offers: it must not be looked at.
    whole = np.where(missing, 99, table).astype(kind)
    columns = {name: pa.array(whole[:, place], mask=missing[:, place]) for place, name in enumerate(names)}
    pq.write_table(pa.table({"client": np.arange(len(table)), **columns}), path, row_group_size=900)
    return path


@pytest.mark.parametrize("kind", ["int8", "uint16", "int64", "float32", "float64"])
@pytest.mark.parametrize("rows_at_once", [333, 100_000])
def test_a_file_scores_as_the_library_does(tmp_path, monkeypatch, kind, rows_at_once):
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", rows_at_once)
    table = answers(2_500)
    found = score_files([write(tmp_path / "a.parquet", table, kind=kind)], ADULT)
    wanted = score_many(table, ADULT)
    assert list(found) == list(wanted)
    for code, each in found.items():
        scored = wanted[code].reason == 0
        values = wanted[code].value[scored]
        assert (each.n, each.scored) == (2_500, int(scored.sum()))
        assert each.mean == pytest.approx(values.mean(), rel=ROUNDING)
        assert each.sd == pytest.approx(values.std(ddof=1), rel=ROUNDING)
        for flag in ("prorated", "ceiling", "straight_lined"):
            assert getattr(each, flag) == int(getattr(wanted[code], flag).sum())
        reasons = [REASONS[number] for number in wanted[code].reason if number]
        assert each.not_scorable == {reason: reasons.count(reason) for reason in set(reasons)}
    assert found["total"].not_scorable["nothing_answered"] == 1


def test_columns_of_another_name_and_a_second_file_are_read(tmp_path):
    table = answers(400)
    names = [f"q{place}" for place in range(len(CODES))]
    files = [write(tmp_path / f"{part}.parquet", table[part::2], names=names) for part in (0, 1)]
    found = score_files(files, ADULT, columns=dict(zip(CODES, names, strict=True)))
    values = score_many(table, ADULT)["total"].value
    assert found["total"].mean == pytest.approx(np.nanmean(values), rel=ROUNDING)
    with pytest.raises(NotReadable, match="no column 'trust'; there are: client, q0"):
        score_files(files, ADULT)
    with pytest.raises(NotReadable, match="trusting: not a rated item of alliance-adult@1"):
        score_files(files, ADULT, columns={"trusting": "q0"})


def test_the_scores_of_every_row_are_written_beside_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 300)
    table = answers(1_000)
    done: list[int] = []
    out = tmp_path / "scores.parquet"
    source = write(tmp_path / "a.parquet", table)
    score_files([source], ADULT, out=out, keep=["client"], progress=done.append)
    written = pq.read_table(out)
    wanted = score_many(table, ADULT)["total"]
    assert written.column_names[:4] == ["client", "total", "total_prorated", "total_not_scorable"]
    assert written["client"].to_pylist() == list(range(1_000))
    assert written["total"].to_pylist() == [None if np.isnan(value) else value for value in wanted.value]
    assert written["total_prorated"].to_pylist() == wanted.prorated.tolist()
    assert written["total_not_scorable"].to_pylist() == [REASONS[number] for number in wanted.reason]
    assert done[-1] == 1_000
    assert done == sorted(done)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "scores.parquet"]


def test_a_wrong_answer_is_named_by_its_row_and_leaves_no_half_file(tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 300)
    table = answers(1_000)
    table[777, 0] = 11
    out = tmp_path / "scores.parquet"
    with pytest.raises(ScoringError, match=f"row 778, {CODES[0]}: 11 is not one of 0 to 10"):
        score_files([write(tmp_path / "a.parquet", table)], ADULT, out=out)
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_text_is_no_answer_and_a_broken_file_is_named(tmp_path):
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({code: ["ten"] for code in CODES}), file)
    with pytest.raises(NotStreamable, match="column trust holds string, not numbers"):
        score_files([file], ADULT)
    file.write_bytes(b"PAR1")
    with pytest.raises(NotReadable, match=r"a\.parquet"):
        score_files([file], ADULT)


def test_files_without_rows_have_no_mean(tmp_path):
    file = write(tmp_path / "a.parquet", np.empty((0, len(CODES))))
    found = score_files([file], ADULT)["total"]
    assert (found.n, found.scored, found.mean, found.sd) == (0, 0, None, None)
