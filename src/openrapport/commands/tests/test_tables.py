"""Columns by name from CSV, Parquet and standard input; every refusal names file, row and column."""

import io
import math

import duckdb
import numpy as np
import pytest

from openrapport.commands.tables import TableError, column_names, read_columns, refuse_output, write_table

LINES = 'name,age,note\nAda,36,first\n"Lovelace, B",7.5,\n\nCy,-2e1,NA\n'


@pytest.fixture
def csv_file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(LINES, encoding="utf-8")
    return path


@pytest.fixture
def parquet_file(tmp_path):
    path = tmp_path / "people.parquet"
    duckdb.execute(
        "COPY (SELECT * FROM (VALUES ('Ada', 36::SMALLINT, 'first'), ('Lovelace, B', 7, NULL)) "
        f"""AS t(name, age, "no""te")) TO '{path}' (FORMAT parquet)"""
    )
    return path


def typed(monkeypatch, text):
    content = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def test_columns_come_as_arrays_in_the_order_asked_for(csv_file):
    found = read_columns(csv_file, {"age": "number", "name": "text"})
    assert list(found) == ["age", "name"]
    assert found["age"].dtype == np.float64
    assert found["age"].tolist() == [36, 7.5, -20]
    assert found["name"].tolist() == ["Ada", "Lovelace, B", "Cy"]
    assert found.rows.tolist() == [2, 3, 5]
    assert found.where(2, "age") == f"{csv_file}: row 5, column age"


def test_a_cell_may_be_empty_only_where_that_is_said(csv_file):
    with pytest.raises(TableError, match="row 3, column note: empty"):
        read_columns(csv_file, {"note": "text"})
    assert read_columns(csv_file, {"note": "text"}, may_be_empty=["note"])["note"].tolist() == ["first", "", ""]


def test_an_empty_number_is_not_a_zero(tmp_path):
    path = tmp_path / "n.csv"
    path.write_text("a,b\n1,\n2,NA\n3,4\n", encoding="utf-8")
    found = read_columns(path, {"b": "number"}, may_be_empty={"b"})["b"].tolist()
    assert [math.isnan(value) for value in found] == [True, True, False]
    with pytest.raises(TableError, match="row 2, column b: empty, a number is needed"):
        read_columns(path, {"b": "number"})


def test_standard_input_is_read_as_csv(monkeypatch):
    typed(monkeypatch, "a;b\n1;x\n")
    found = read_columns("-", {"b": "text", "a": "number"})
    assert (found.file, found["a"].tolist(), found["b"].tolist()) == ("standard input", [1], ["x"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "standard input: empty file"),
        ("a,b\n1,2\n", "standard input: row 1: no column 'age'; there are: a, b"),
        ("age\nold\n", "standard input: row 2, column age: 'old' is not a number"),
        (b"PAR1\0\0", "standard input: holds Parquet, not CSV"),
    ],
)
def test_standard_input_that_cannot_be_used_is_refused(text, words, monkeypatch):
    typed(monkeypatch, text)
    with pytest.raises(TableError, match=words):
        read_columns("-", {"age": "number"})


def test_parquet_gives_the_same_and_any_column_name_can_be_asked_for(parquet_file):
    found = read_columns(parquet_file, {"age": "number", "name": "text", 'no"te': "text"}, may_be_empty=['no"te'])
    assert found["age"].tolist() == [36, 7]
    assert found["name"].tolist() == ["Ada", "Lovelace, B"]
    assert found['no"te'].tolist() == ["first", ""]
    with pytest.raises(TableError, match='row 2, column no"te: empty'):
        read_columns(parquet_file, {'no"te': "text"})
    with pytest.raises(TableError, match="column name: holds VARCHAR, numbers are needed"):
        read_columns(parquet_file, {"name": "number"})


def test_an_empty_parquet_number_is_nan_and_an_infinite_one_refused(tmp_path):
    path = tmp_path / "n.parquet"
    duckdb.execute(f"COPY (SELECT unnest([1.5, NULL]) AS a, 'inf'::DOUBLE AS b) TO '{path}' (FORMAT parquet)")
    assert math.isnan(read_columns(path, {"a": "number"}, may_be_empty=["a"])["a"][1])
    with pytest.raises(TableError, match="row 1, column b"):
        read_columns(path, {"b": "number"}, may_be_empty=["b"])


def test_the_names_of_all_columns(csv_file, parquet_file):
    assert column_names(csv_file) == ["name", "age", "note"]
    assert column_names(parquet_file) == ["name", "age", 'no"te']
    with pytest.raises(TableError, match="have to be named"):
        column_names("-")


def test_what_is_written_is_never_what_is_read(csv_file, tmp_path):
    with pytest.raises(TableError, match="would overwrite"):
        refuse_output(str(csv_file), csv_file)
    refuse_output("-", csv_file)
    refuse_output(str(tmp_path / "o.csv"), "-")


def test_a_table_written_as_parquet_is_read_again(tmp_path):
    path = tmp_path / "o.parquet"
    header, types = ["who", 'how "much', "none"], ["VARCHAR", "DOUBLE", "VARCHAR"]
    write_table(path, header, types, [["a", 1.5, None], [None, None, None]])
    found = read_columns(path, {"who": "text", 'how "much': "number", "none": "text"}, may_be_empty=header)
    assert found["who"].tolist() == ["a", ""]
    assert found['how "much'][0] == 1.5
    assert found["none"].tolist() == ["", ""]
    write_table(path, header, types, [])
    assert column_names(path) == header
