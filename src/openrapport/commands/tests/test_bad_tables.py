"""Whatever is wrong with a table: exit status 2, one line that names file, row and column, and nothing else."""

import json
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import duckdb
import pytest

from openrapport.commands import WORDS, main
from openrapport.commands.tests.cli_page import ROOT
from openrapport.commands.tests.running import COMMAND, clean_environment

EXAMPLES = {
    name: shlex.split(WORDS[name].example)
    for name in (
        *("change", "congruence", "dropout", "expected", "goals", "growth", "meta", "reliability", "score"),
        *("ruptures", "therapists", "within-between"),
    )
}
# A column that each command takes numbers from.
NUMBERS = {
    "change": "intake",
    "congruence": "client_view",
    "dropout": "alliance",
    "expected": "distress",
    "goals": "level",
    "growth": "alliance",
    "meta": "correlation",
    "reliability": "empathy",
    "ruptures": "alliance",
    "score": "respect",
    "therapists": "outcome",
    "within-between": "wellbeing",
}


def cells_of(word):
    return [line.split(",") for line in (ROOT / EXAMPLES[word][1]).read_text(encoding="utf-8").splitlines()]


def run_on(word, path, *more):
    _, _, *options = EXAMPLES[word]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return main([word, str(path), *options, *more])


def refused(word, path, capsys, *more):
    assert run_on(word, path, *more) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def written(path, rows):
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("word", EXAMPLES)
@pytest.mark.parametrize("cell", ["abc", "nan", "inf", "1e999", "1_000", "0x10"])
def test_what_is_no_number_is_named_by_row_and_column(word, cell, tmp_path, capsys):
    rows = cells_of(word)
    rows[4][rows[0].index(NUMBERS[word])] = cell
    path = written(tmp_path / "t.csv", rows)
    assert f"{path}: row 5, column {NUMBERS[word]}: {cell!r} is not a number" in refused(word, path, capsys)


@pytest.mark.parametrize("word", EXAMPLES)
def test_a_missing_and_a_doubled_column_are_named(word, tmp_path, capsys):
    rows, name = cells_of(word), NUMBERS[word]
    place = rows[0].index(name)
    lacking = written(tmp_path / "lacking.csv", [[*row[:place], *row[place + 1 :]] for row in rows])
    assert f"{lacking}: row 1: no column '{name}'; there are: " in refused(word, lacking, capsys)
    twice = written(tmp_path / "twice.csv", [[*row, row[place]] for row in rows])
    assert f"{twice}: row 1: column '{name}' is there 2 times" in refused(word, twice, capsys)


@pytest.mark.parametrize("word", EXAMPLES)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file, no header row"),
        (b"HEADER\n", "no rows of data"),
        (b"HEADER\nx\0", "row 2: holds a NUL byte"),
        (b"HEADER\n\xe9", "row 2: not UTF-8 text (byte 1)"),
        (b'HEADER\n"open', "a quotation mark is opened and never closed"),
        (b"HEADER\n1\n", "row 2: 1 cells under"),
        (b"PAR1", "holds Parquet, not CSV"),
        (b"HEADER\r1\r2\r", "lines end in a bare carriage return"),
    ],
)
def test_a_file_that_is_no_table_says_what_it_is(word, content, words, tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_bytes(content.replace(b"HEADER", ",".join(cells_of(word)[0]).encode()))
    assert words in refused(word, path, capsys)


@pytest.mark.parametrize("word", EXAMPLES)
def test_what_is_no_file_is_said_to_be_none(word, tmp_path, capsys):
    assert "no such file" in refused(word, tmp_path / "none.csv", capsys)
    assert "is a folder" in refused(word, tmp_path, capsys)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1")
    assert "not readable as Parquet" in refused(word, broken, capsys)


@pytest.mark.parametrize("word", EXAMPLES)
def test_marks_semicolons_quotes_and_other_line_ends_change_nothing(word, tmp_path, capsys):
    rows = cells_of(word)
    plain = written(tmp_path / "t.csv", rows)
    assert run_on(word, plain, "--json") == 0
    wanted = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    text = "\r\n".join(";".join(f'"{cell}"' if cell and cell[0].isalpha() else cell for cell in row) for row in rows)
    plain.write_text(text, encoding="utf-8-sig", newline="")
    assert run_on(word, plain, "--json") == 0
    assert json.loads(capsys.readouterr().out) == wanted


@pytest.mark.parametrize("word", EXAMPLES)
@pytest.mark.parametrize("power", [300, 155, -200])
def test_numbers_beyond_all_measure_give_a_result_or_one_line(word, power, tmp_path, capsys):
    rows = cells_of(word)
    place = rows[0].index(NUMBERS[word])
    for number, row in enumerate(rows[1:]):
        row[place] = f"{number % 7 + 1}e{power}"
    status = run_on(word, written(tmp_path / "t.csv", rows), "--json")
    said = capsys.readouterr()
    if status == 2:
        assert said.err.count("\n") == 1
    else:
        json.loads(said.out, parse_constant=pytest.fail)
        assert said.err == ""


@pytest.mark.parametrize("word", EXAMPLES)
def test_the_same_everywhere_and_one_row_alone_end_in_a_result_or_one_line(word, tmp_path, capsys):
    rows = cells_of(word)
    place = rows[0].index(NUMBERS[word])
    alike = written(tmp_path / "alike.csv", [rows[0], *[[*row[:place], "1", *row[place + 1 :]] for row in rows[1:]]])
    for path in (alike, written(tmp_path / "one.csv", rows[:2])):
        status = run_on(word, path)
        said = capsys.readouterr()
        assert said.err.count("\n") == (1 if status == 2 else 0)


@pytest.mark.parametrize("word", [word for word in EXAMPLES if word != "meta"])
def test_what_is_written_is_refused_before_anything_is_computed(word, tmp_path, capsys):
    path = written(tmp_path / "t.csv", cells_of(word))
    before = path.read_bytes()
    assert "would overwrite" in refused(word, path, capsys, "--out", str(path))
    assert path.read_bytes() == before
    assert "make it first" in refused(word, path, capsys, "--out", str(tmp_path / "none" / "o.csv"))
    assert "must end in .csv or .parquet" in refused(word, path, capsys, "--out", str(tmp_path / "o.xlsx"))
    assert "standard output" in refused(word, path, capsys, "--out", "-", "--json")


@pytest.mark.parametrize("word", [word for word in EXAMPLES if word not in {"meta", "ruptures"}])
def test_rows_are_the_same_in_csv_and_parquet(word, tmp_path, capsys):
    path = written(tmp_path / "t.csv", cells_of(word))
    csv, parquet = tmp_path / "o.csv", tmp_path / "o.parquet"
    assert [run_on(word, path, "--out", str(out)) for out in (csv, parquet)] == [0, 0]
    rows = duckdb.read_parquet(str(parquet))
    lines = csv.read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",") == rows.columns
    assert len(lines) - 1 == len(rows.fetchall())
    assert f"rows written to {parquet}" in capsys.readouterr().out


def test_a_decimal_comma_is_recognised(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("client;intake;end\na;7,5;3\n", encoding="utf-8")
    assert "row 2, column intake: '7,5' is not a number; write decimals with a point" in refused("change", path, capsys)


def test_what_is_typed_wrong_is_said_in_one_line(capsys):
    assert main(["growth", "t.csv"]) == 2
    assert capsys.readouterr().err == (
        "./openrapport growth: the following arguments are required: --outcome, --client "
        "(see ./openrapport growth --help)\n"
    )
    assert main([*EXAMPLES["meta"], "--level", "95"]) == 2
    assert "--level: lies between 0 and 1, such as 0.95, not 95" in capsys.readouterr().err


def test_odd_types_of_parquet_are_numbers_names_or_refused(tmp_path, capsys):
    path = tmp_path / "odd[1].parquet"
    columns = (
        "(range // 5)::HUGEINT AS huge, (range // 5)::UBIGINT + 18446744073709550000::UBIGINT AS large, uuid() AS u, "
        "(range % 5 + 1)::DECIMAL(9, 2) AS session, (range * 7 % 11)::FLOAT AS score, [1, 2] AS list, "
        "range % 2 = 0 AS flag, DATE '2020-01-01' + (range // 50)::INTEGER AS day"
    )
    duckdb.execute(f"COPY (SELECT {columns} FROM range(100)) TO '{tmp_path}/odd.parquet' (FORMAT parquet)")
    Path(tmp_path / "odd.parquet").rename(path)
    model = ["growth", str(path), "--outcome", "score", "--fixed", "session", "--client"]
    for client in ("huge", "large"):
        assert main([*model, client, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["n_clients"] == 20
    for column in ("flag", "day"):
        assert main(["growth", str(path), "--outcome", "score", "--client", "huge", "--fixed", column]) == 0
    capsys.readouterr()
    assert main(["growth", str(path), "--outcome", "list", "--client", "huge", "--fixed", "1"]) == 2
    assert capsys.readouterr().err == f"{path}: column list: holds INTEGER[], numbers are needed\n"


def test_a_reader_who_has_seen_enough_ends_it_quietly(tmp_path):
    pipe = subprocess.Popen(
        [*COMMAND, "simulate", "--clients", "20000"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert pipe.stdout is not None
    pipe.stdout.readline()
    pipe.stdout.close()
    assert pipe.wait(60) == 0
    assert pipe.stderr is not None
    assert pipe.stderr.read() == b""
    pipe.stderr.close()


def test_a_word_loads_only_what_it_needs(tmp_path):
    words = [word for word in EXAMPLES if word != "ruptures"]
    script = (
        "import sys\n"
        "from openrapport.commands import main\n"
        f"for word in {words!r}:\n"
        "    try: main([word, '--help'])\n"
        "    except SystemExit: pass\n"
        "heavy = {'django', 'duckdb', 'ibis', 'matplotlib', 'pandas', 'pyarrow', 'scipy.optimize'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=clean_environment(), capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
