"""`openrapport report` from typed line to page: what it says, what it refuses, and that nothing hostile gets out."""

import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from openrapport.analysis.simulate_courses import invented_courses
from openrapport.commands import main
from openrapport.commands.report_ruptures import in_words

COLUMNS = ["--client", "client", "--session", "session", "--score", "score"]
FAST = ["--people", "500"]
LOWER = ["--direction", "lower-is-better", "--minimum", "0", "--maximum", "63"]
DROP = ["--rule", "point-drop", "--drop", "10"]
EVERYTHING = [*LOWER, *DROP, "--intake", "intake", "--sd", "9", "--reliability", "0.85", "--event", "left"]
# Elements that load, run, send or take over a page.
DANGEROUS = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "image", "foreignobject", "use"}


class Page(HTMLParser):
    """Elements, ids, attributes and text of a page; `loose` are elements that were never closed."""

    VOID = frozenset({"meta", "br", "hr", "input", "img", "link"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.headings: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open and self._open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def write(path: Path, rows: list[list[Any]], header: str = "client,session,score") -> Path:
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def courses(tmp_path) -> Path:
    """Sixty invented clients with an intake score and an end."""
    seen: dict[int, list[tuple[int, int]]] = {}
    for who, day, score, _ in invented_courses(clients=60, seed=9):
        seen.setdefault(who, []).append((day, score))
    rows = [
        [who, number, course[number][1], course[0][1], int(number == len(course) - 1 and course[-1][0] < 120)]
        for who, course in seen.items()
        for number in range(1, len(course))
    ]
    return write(tmp_path / "courses.csv", rows, "client,session,score,intake,left")


def made(table: Path | str, out: Path, *more: str) -> tuple[str, Page]:
    assert main(["report", str(table), *COLUMNS, *FAST, "--out", str(out), *map(str, more)]) == 0
    text = out.read_text(encoding="utf-8")
    return text, Page(text)


def refused(capsys, *arguments) -> str:
    assert main(["report", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return str(said.err).strip()


def told(capsys, *arguments) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def test_the_page_has_every_part_that_was_asked_for(courses, tmp_path):
    _, page = made(courses, tmp_path / "r.html", *EVERYTHING, "--title", "Autumn")
    parts = ["The data", "How scores grow", "The course to expect", "Ruptures", "Reliable change", "Leaving"]
    assert [heading for heading in page.headings if not heading.startswith("Client ")] == ["Autumn", *parts]
    assert sum(heading.startswith("Client ") for heading in page.headings) == 4
    assert page.elements.count("svg") == 7
    assert page.elements.count("table") >= 8


def test_parts_without_their_columns_are_left_out(courses, tmp_path):
    _, page = made(courses, tmp_path / "r.html", *LOWER)
    assert "Report on courses.csv" in page.headings
    assert not {"Reliable change", "Leaving"} & set(page.headings)
    assert "Expected band" not in page.words


def test_the_numbers_are_those_of_the_other_commands(courses, tmp_path, capsys):
    made(courses, tmp_path / "r.html", *EVERYTHING)
    capsys.readouterr()
    ours = told(capsys, "report", courses, *COLUMNS, *FAST, *EVERYTHING, "--out", tmp_path / "r.html")
    ruptures = told(capsys, "ruptures", courses, *COLUMNS, *FAST, *LOWER, *DROP)
    assert ours["ruptures"]["false_alarms"]["rate"] == ruptures["false_alarms"]["rate"]
    assert ours["ruptures"]["scan"]["flagged_clients"] == ruptures["flagged_clients"] > 0
    assert len(ours["ruptures"]["scan"]["found"]) == ruptures["ruptures"]
    assert ours["ceiling"]["share_at_ceiling"] == ruptures["share_at_best_end"]
    growth = told(
        capsys, "growth", courses, "--outcome", "score", "--client", "client", "--fixed", "log(session)",
        "--random", "1 + log(session)",
    )  # fmt: skip
    assert ours["growth"]["fit"]["fixed"]["log(session)"] == growth["fixed"]["log(session)"]
    expected = told(capsys, "expected", courses, *COLUMNS, "--intake", "intake", *LOWER[:2])
    assert ours["expected"]["course"][0] == expected["course"][0]
    dropout = told(capsys, "dropout", courses, *COLUMNS[:4], "--event", "left", "--covariates", "score")
    assert ours["dropout"]["hazard"]["coefficients"] == dropout["hazard"]["coefficients"]
    assert ours["change"]["n"] == sum(ours["change"]["counts"].values()) == ours["summary"]["clients"]


def test_what_the_page_says_is_what_was_found(courses, tmp_path, capsys):
    _, page = made(courses, tmp_path / "r.html", *EVERYTHING)
    capsys.readouterr()
    found = told(capsys, "report", courses, *COLUMNS, *FAST, *EVERYTHING, "--out", tmp_path / "r.html")
    rate, counts = found["ruptures"]["false_alarms"], found["change"]["counts"]
    assert f"{rate['rate']:.1%} of people who never change" in page.text
    assert f"({'95% interval'} {rate['low']:.1%} to {rate['high']:.1%})" in page.text
    assert f"{found['ceiling']['share_at_ceiling']:.1%} of scores at the best end" in page.text
    assert f"Reliably better {counts['better']}" in page.text
    assert "10 points or more worse than the last score" in page.text
    assert f"{found['growth']['fit']['fixed']['log(session)']['estimate']:.4f}" in page.text


def test_the_file_stands_alone(courses, tmp_path):
    text, page = made(courses, tmp_path / "r.html", *EVERYTHING)
    assert not {"script", "link", "img", "iframe"} & set(page.elements)
    assert "http" not in text.replace('http-equiv="Content', "")
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    assert "default-src 'none'" in text
    links = [value for name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert links
    assert all(value.startswith("#") for value in links)
    assert "prefers-color-scheme: dark" in text


def test_ids_are_unique_and_every_reference_finds_its_own(courses, tmp_path):
    text, page = made(courses, tmp_path / "r.html", *EVERYTHING)
    assert len(page.ids) == len(set(page.ids))
    wanted = set(re.findall(r"url\(#([^)]+)\)", text)) | {v[1:] for n, v in page.attributes if n == "href"}
    labels = {one for name, value in page.attributes if name == "aria-labelledby" for one in value.split()}
    assert (wanted | labels) <= set(page.ids)


def test_every_picture_is_told_in_words(courses, tmp_path):
    text, page = made(courses, tmp_path / "r.html", *EVERYTHING)
    described = re.findall(r"<desc[^>]*>([^<]+)</desc>", text)
    assert len(described) == page.elements.count("svg") == page.elements.count("figcaption")
    assert all(re.search(r"\d", sentence) for sentence in described)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</svg></figure><form>",
    "$\\frac{",
    "a --> b",
]


def test_hostile_names_of_clients_columns_and_files_stay_text(tmp_path):
    rows = [
        [f'"{name.replace(chr(34), chr(34) * 2)}"', n, [30, 31, 29, 30, 8, 30][n % 6]]
        for name in HOSTILE
        for n in range(12)
    ]
    odd = '<b onclick="x">score</b> $y$'
    table = write(
        tmp_path / "a<svg onload=alert(1)>.csv", rows, f'client,session,"{odd.replace(chr(34), chr(34) * 2)}"'
    )
    out = tmp_path / "r.html"
    asked = [
        "--client",
        "client",
        "--session",
        "session",
        "--score",
        odd,
        *FAST,
        "--rule",
        "point-drop",
        "--drop",
        "15",
    ]
    assert main(["report", str(table), *asked, "--title", "<i>Ti</i>tle & more", "--out", str(out)]) == 0
    page = Page(out.read_text(encoding="utf-8"))
    assert not set(page.elements) & (DANGEROUS - {"use"})
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.headings[0] == "<i>Ti</i>tle & more"
    for name in HOSTILE:
        assert name in page.words
    assert odd in page.words  # the label of an axis


def test_standard_input_becomes_a_page_on_standard_output(courses, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(courses.read_bytes())))
    assert main(["report", "-", *COLUMNS, *FAST, *LOWER, "--out", "-"]) == 0
    page = Page(capsys.readouterr().out)
    assert "Report on standard input" in page.headings


def test_rows_may_come_in_any_order(courses, tmp_path, capsys):
    header, *rows = courses.read_text(encoding="utf-8").splitlines()
    (tmp_path / "turned.csv").write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    given = [*COLUMNS, *FAST, *EVERYTHING, "--out", tmp_path / "r.html"]
    straight = told(capsys, "report", courses, *given)
    turned = told(capsys, "report", tmp_path / "turned.csv", *given)
    assert turned["summary"] == straight["summary"]
    assert turned["change"] == straight["change"]
    assert turned["ruptures"]["scan"]["flagged_clients"] == straight["ruptures"]["scan"]["flagged_clients"]
    slopes = [one["expected"]["expected"]["fixed"][1] for one in (straight, turned)]
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-6)


def test_a_table_too_small_for_a_growth_curve_says_so(tmp_path):
    table = write(tmp_path / "few.csv", [["a", 1, 5], ["a", 2, 7], ["b", 1, 6]])
    _, page = made(table, tmp_path / "r.html")
    assert "No growth curve can be had from this table." in page.text
    assert "Without a growth curve there is no course to expect." in page.text


def test_days_from_zero_and_courses_that_never_move_are_told(tmp_path):
    rows = [[who, day, 10 if who == "e" else 5 + (day + ord(who)) % 4] for who in "abcde" for day in (0, 7, 14, 28)]
    _, page = made(write(tmp_path / "days.csv", rows), tmp_path / "r.html", "--maximum", "10")
    assert "log(1 + session)" in page.text
    assert "1 client gave the same score three times or more" in page.text


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([], "--out missing"),
        (["--out", "report.pdf"], "must end in .html"),
        (["--out", "r.html", "--sd", "9"], "--sd and --reliability belong together"),
        (["--out", "r.html", "--sd", "9", "--reliability", "1"], "--reliability lies from 0"),
        (["--out", "-", "--json"], "choose one"),
        (["--out", "r.html", "--event", "score"], "--score and --event both name the column"),
        (["--out", "r.html", "--event", "intake"], "row 2, column intake: "),
        (["--out", "r.html", "--event", "left", "--same-session", "mean"], "does not go with --event"),
        (["--out", "r.html", "--rule", "point-drop"], "needs --cut-off or --drop"),
        (["--out", "missing/r.html"], "cannot be written"),
        (["--out", "r.html", "--intake", "nothing"], "no column 'nothing'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(more, says, courses, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert says in refused(capsys, courses, *COLUMNS, *FAST, *more)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["courses.csv"]


def test_a_missing_file_or_column_says_how_to_ask(capsys):
    assert "./openrapport report FILE" in refused(capsys)
    assert "--client --session --score --out missing" in refused(capsys, "scores.csv")


def test_without_matplotlib_it_says_what_to_install(courses, tmp_path, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = refused(capsys, courses, *COLUMNS, *FAST, "--out", tmp_path / "r.html")
    assert "pip install 'openrapport[plots]'" in said


def test_a_rule_is_told_with_its_own_numbers():
    told = in_words("empirical-bayes", {"z": 2.5, "min_sessions": 3})
    assert told == "more than 2.5 predictive SDs worse than expected from the client's earlier scores (at least 3)"
    assert (
        in_words("point-drop", {"cut_off": 36, "drop": 2}) == "beyond 36, or 2 points or more worse than the last score"
    )
    assert in_words("point-drop", {"cut_off": 36, "drop": None}) == "beyond 36"
