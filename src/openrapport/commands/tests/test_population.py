"""`openrapport population`: the library's numbers as text and JSON, and one clear line for what cannot be done."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.population.change import change_population
from openrapport.analysis.population.engines import Source
from openrapport.analysis.population.sessions import SessionColumns
from openrapport.analysis.population.tests.invented import invent, shuffled, write_csv, write_parquet
from openrapport.analysis.scoring_many import score_many
from openrapport.commands import UNDERSTOOD_WRONG, main

SESSIONS = ["--client", "client", "--session", "session", "--score", "score"]
TENTHS = ["--unit", "0.1", "--centre", "55"]
LIMITS = ["--limit", "2", "--width", "2.5", "--direction", "higher-is-better"]
JUDGED = ["--sd", "9", "--reliability", "0.8", "--direction", "higher-is-better"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_parquet(tmp_path / "sessions.parquet", invent(300, seed=5))


PAGE = (Path(__file__).parents[4] / "docs" / "analysis" / "population.md").read_text(encoding="utf-8")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["population", *words, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""  # no progress line where there is no terminal
    found = json.loads(said.out)
    keys = [*found, *(key for part in found.get("scores", {}).values() for key in part)]
    keys = [key for key in keys if words[0] != "growth" or key in ("way", "n_cells", "unit", "clock")]
    assert [key for key in keys if f"`{key}`" not in PAGE] == []  # the page names every key
    return found


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["population", *words]) == UNDERSTOOD_WRONG
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    return said.err


def test_growth_is_the_same_streamed_and_from_the_database(file, tmp_path, capsys):
    streamed = answer(capsys, "growth", str(file), *SESSIONS, *TENTHS)
    counted = answer(capsys, "growth", str(file), *SESSIONS, *TENTHS, "--engine", "duckdb")
    assert (streamed.pop("way"), counted.pop("way")) == ("stream", "duckdb")
    assert set(streamed) >= {"method", "n_rows", "n_clients", "fixed", "random", "residual_sd", "deviance", "converged"}
    assert streamed["fixed"]["log(session)"]["estimate"] == pytest.approx(counted["fixed"]["log(session)"]["estimate"])
    assert streamed["deviance"] == pytest.approx(counted["deviance"])
    table = invent(300, seed=5)
    assert streamed["n_rows"] == int((~np.isnan(table["score"])).sum())
    with_intake = answer(capsys, "growth", str(file), *SESSIONS, *TENTHS, "--covariates", "intake")
    assert "intake" in with_intake["fixed"]


def test_a_scan_takes_a_curve_from_a_file_or_fits_it(file, tmp_path, capsys):
    fit = tmp_path / "fit.json"
    fit.write_text(json.dumps(answer(capsys, "growth", str(file), *SESSIONS, *TENTHS)))
    out = tmp_path / "flagged.parquet"
    given = answer(capsys, "scan", str(file), *SESSIONS, *TENTHS, *LIMITS, "--fit", str(fit), "--out", str(out))
    fitted = answer(capsys, "scan", str(file), *SESSIONS, *TENTHS, *LIMITS)
    assert given["flagged_rows"] == fitted["flagged_rows"] == pq.read_table(out).num_rows > 10
    assert given["mean_square"] == pytest.approx(1, abs=0.1)
    assert given["model"]["intercept"] == pytest.approx(fitted["model"]["intercept"])
    linear = ["--clock", "linear"]
    assert "that curve runs on the log clock" in refusal(
        capsys, "scan", str(file), *SESSIONS, *TENTHS, *LIMITS, *linear, "--fit", str(fit)
    )
    fit.write_text("[]")
    assert "is not what `population growth --json` writes" in refusal(
        capsys, "scan", str(file), *SESSIONS, *TENTHS, *LIMITS, "--fit", str(fit)
    )


def test_scores_come_with_their_file(tmp_path, capsys):
    instrument = get_instrument("alliance-adult")
    codes = [item.code for item in instrument.items if item.is_numeric]
    table = np.random.default_rng(3).integers(0, 11, (50, len(codes)))
    source, out = tmp_path / "answers.parquet", tmp_path / "scores.parquet"
    pq.write_table(pa.table({"who": np.arange(50), **dict(zip(codes, table.T, strict=True))}), source)
    found = answer(
        capsys, "score", str(source), "--instrument", "alliance-adult", "--keep", "who", "--out", str(out)
    )  # fmt: skip
    values = score_many(table, instrument)["total"].value
    assert (found["n_rows"], found["scores"]["total"]["mean"]) == (50, pytest.approx(values.mean()))
    assert pq.read_table(out)["total"].to_pylist() == pytest.approx(values.tolist())
    folder = tmp_path / "csv"
    folder.mkdir()
    write_csv(folder / "a.csv", {**dict(zip(codes, table.T, strict=True))})
    same = answer(capsys, "score", str(folder), "--instrument", "alliance-adult")
    assert same["scores"]["total"]["sd"] == pytest.approx(found["scores"]["total"]["sd"])


def test_change_and_overview_give_the_fields_of_the_result(file, capsys):
    found = answer(capsys, "change", str(file), *SESSIONS, *JUDGED)
    wanted = change_population(
        Source(str(file)), SessionColumns("client", "session", "score"), sd=9, reliability=0.8,
        direction="higher_is_better",
    )  # fmt: skip
    assert found == {name: getattr(wanted, name) for name in found}
    assert len(found) == len(wanted.__slots__)
    overview = answer(capsys, "overview", str(file), *SESSIONS, "--best", "100", "--fewest", "10")
    assert overview["n_clients"] == 300
    assert overview["fewest"] == 10
    assert {"session", "n", "mean", "sd", "ceiling_share", "still_in_treatment"} == set(overview["sessions"][0])


@pytest.mark.parametrize("work", ["growth", "scan", "change", "overview"])
def test_every_work_has_text_for_people(work, file, capsys):
    more = {"growth": TENTHS, "scan": [*TENTHS, *LIMITS], "change": JUDGED, "overview": []}[work]
    assert main(["population", work, str(file), *SESSIONS, *more]) == 0
    said = capsys.readouterr().out
    assert "300" in said or "2" in said
    assert max(map(len, said.splitlines())) <= 100


def test_what_cannot_be_done_is_one_line(file, tmp_path, capsys):
    unit = ["--unit", "1"]
    assert "nowhere.parquet: no PARQUET file there" in refusal(capsys, "overview", "nowhere.parquet", *SESSIONS)
    assert "no column 'points'" in refusal(capsys, "growth", str(file), *SESSIONS[:-1], "points", *unit)
    assert "no whole number of units of 1" in refusal(
        capsys, "growth", str(file), *SESSIONS, *unit, "--engine", "duckdb"
    )
    assert "score is no whole number of units" in refusal(capsys, "growth", str(file), *SESSIONS, *unit)
    assert "--table is for databases" in refusal(capsys, "overview", str(file), *SESSIONS, "--table", "x")
    assert "Each column has one part" in refusal(capsys, "overview", str(file), *SESSIONS[:-1], "client")
    assert "would write into the table it reads" in refusal(
        capsys, "scan", str(file), *SESSIONS, *unit, *LIMITS, "--out", str(file)
    )
    assert "must end in .parquet" in refusal(capsys, "scan", str(file), *SESSIONS, *unit, *LIMITS, "--out", "a.csv")
    assert "WORK" in refusal(capsys)
    text = tmp_path / "text.csv"
    text.write_text("client,session,score\n1,1,20\n1,2,many\n")
    assert "Could not convert string 'many'" in refusal(capsys, "overview", str(text), *SESSIONS)


@pytest.mark.parametrize("address", ["postgresql://u:secret@127.0.0.1:1/db", "postgresql://u:se#cret@127.0.0.1/db"])
def test_the_password_of_a_database_is_never_repeated(address, capsys):
    said = refusal(capsys, "overview", address, *SESSIONS)
    assert said.startswith("the PostgreSQL database: ")
    assert not any(part in said for part in ("secret", "se#", "cret"))


def test_a_scan_of_rows_in_no_order_is_the_scan_of_ordered_ones(file, tmp_path, capsys):
    fit = tmp_path / "fit.json"
    fit.write_text(json.dumps(answer(capsys, "growth", str(file), *SESSIONS, *TENTHS)))
    words = [*SESSIONS, *TENTHS, *LIMITS, "--fit", str(fit)]
    mixed = write_parquet(tmp_path / "mixed.parquet", shuffled(invent(300, seed=5), seed=2))
    here, there = (answer(capsys, "scan", str(place), *words) for place in (file, mixed))
    assert (here.pop("way"), there.pop("way")) == ("stream", "duckdb")
    assert there.pop("mean_square") == pytest.approx(here.pop("mean_square"))
    assert here == there
