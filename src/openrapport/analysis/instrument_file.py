"""From a TOML file to a checked `Instrument`, or an `InstrumentError` of one line naming the file and the key path."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from openrapport.analysis.instrument import (
    COMPONENTS,
    Audience,
    Comparison,
    CutOff,
    Direction,
    Instrument,
    InstrumentError,
    Item,
    ItemKind,
    Kind,
    Licence,
    Method,
    Norms,
    Permission,
    Scale,
    Validation,
)
from openrapport.analysis.toml_reading import Table, words_of


def load_instrument(path: Path) -> Instrument:
    """Read one instrument file from disk."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise InstrumentError(f"{path.name}: not UTF-8 text (byte {problem.start})") from problem
    except OSError as problem:
        raise InstrumentError(f"{path.name}: cannot be read ({problem.strerror})") from problem
    return parse_instrument(text, file=path.name)


def parse_instrument(text: str, *, file: str) -> Instrument:
    """Read one instrument from TOML text; `file` is the name used in errors."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InstrumentError(f"{file}: not valid TOML: {problem}".replace("\n", " ")) from problem
    table = Table(data, file=file)
    languages = table.texts("languages")
    items = tuple(_item(row, languages) for row in table.tables("items", at_least=1))
    _no_code_twice(table, "items", [item.code for item in items])
    scores = tuple(_scale(row, languages, items) for row in table.tables("scores", at_least=1))
    _no_code_twice(table, "scores", [scale.code for scale in scores])
    score_codes = tuple(scale.code for scale in scores)
    cut_offs = tuple(_cut_off(row, languages, score_codes) for row in table.tables("cut_offs"))
    _no_code_twice(table, "cut_offs", [cut_off.code for cut_off in cut_offs])
    norms = tuple(_norms(row, score_codes) for row in table.tables("norms"))
    _no_code_twice(table, "norms", [entry.score for entry in norms])
    instrument = Instrument(
        id=table.text("id"),
        version=table.integer("version", minimum=1),
        audience=table.word("audience", words_of(Audience)),
        kind=table.word("kind", words_of(Kind)),
        languages=languages,
        title=table.translated("title", languages),
        introduction=table.translated("introduction", languages),
        items=items,
        scores=scores,
        cut_offs=cut_offs,
        norms=norms,
        licence=_licence(table.table("licence")),
        validation=_validation(table.table("validation")),
    )
    table.close()
    return instrument


def _no_code_twice(table: Table, key: str, codes: list[str]) -> None:
    for number, code in enumerate(codes):
        if code in codes[:number]:
            raise table.error(f"{key}[{number}]", f"{code!r} is there twice")


def _item(row: Table, languages: tuple[str, ...]) -> Item:
    kind: ItemKind = row.word("kind", words_of(ItemKind))
    minimum = maximum = step = None
    anchors: dict[str, dict[int, str]] = {}
    if kind not in ("words", "drawing"):
        minimum, maximum, step = row.integer("minimum"), row.integer("maximum"), row.integer("step", minimum=1)
        if maximum <= minimum or (maximum - minimum) % step:
            raise row.error("maximum", "must lie a whole number of steps above minimum")
        if kind == "yes_no_unsure" and (minimum, maximum, step) != (0, 2, 1):
            raise row.error("maximum", "a yes_no_unsure item runs 0 (no), 1 (yes), 2 (not sure)")
        every_value = tuple(range(minimum, maximum + 1, step))
        named = (minimum, maximum) if kind == "rating" else every_value
        anchors = _anchors(row.table("anchors"), languages, named=named, possible=every_value)
    item = Item(
        code=row.text("code"),
        kind=kind,
        component=row.word("component", COMPONENTS) if row.has("component") else None,
        minimum=minimum,
        maximum=maximum,
        step=step,
        reverse=row.yes_or_no("reverse", default=False),
        risk=row.yes_or_no("risk", default=False),
        optional=row.yes_or_no("optional", default=False),
        label=row.translated("label", languages),
        text=row.translated("text", languages),
        anchors=anchors,
    )
    row.close()
    return item


def _anchors(
    table: Table, languages: tuple[str, ...], *, named: tuple[int, ...], possible: tuple[int, ...]
) -> dict[str, dict[int, str]]:
    """Words at values, per language: `named` values must have words, other `possible` ones may."""
    anchors = {}
    for language in languages:
        inner = table.table(language)
        wanted = [value for value in possible if value in named or inner.has(str(value))]
        anchors[language] = {value: inner.text(str(value)) for value in wanted}
        inner.close()
    table.close()
    return anchors


def _scale(row: Table, languages: tuple[str, ...], items: tuple[Item, ...]) -> Scale:
    numeric = {item.code: item for item in items if item.is_numeric}
    codes = row.texts("items")
    for code in codes:
        if code not in numeric:
            raise row.error("items", f"{code!r} is not an item with a numeric answer")
    method: Method = row.word("method", words_of(Method))
    max_missing = row.integer("max_missing", minimum=0)
    if max_missing >= len(codes):
        raise row.error("max_missing", f"must be less than the {len(codes)} items of the score")
    minimum, maximum = row.number("minimum"), row.number("maximum")
    expected = _range_of([numeric[code] for code in codes], method)
    if (minimum, maximum) != expected:
        raise row.error("minimum", f"the items give a score from {expected[0]:g} to {expected[1]:g}")
    scale = Scale(
        code=row.text("code"),
        title=row.translated("title", languages),
        items=codes,
        method=method,
        max_missing=max_missing,
        direction=row.word("direction", words_of(Direction)),
        minimum=minimum,
        maximum=maximum,
    )
    row.close()
    return scale


def _range_of(items: list[Item], method: Method) -> tuple[float, float]:
    """The ends the items allow. Yes/no/unsure items count 0 or 1."""
    lowest = [float(item.minimum or 0) for item in items]
    highest = [1.0 if item.kind == "yes_no_unsure" else float(item.maximum or 0) for item in items]
    if method == "sum":
        return sum(lowest), sum(highest)
    return sum(lowest) / len(items), sum(highest) / len(items)


def _source_or_reasoning(row: Table) -> tuple[bool, str | None, str | None]:
    """A number is published or it is an assumption; which, and on what ground, is never left out."""
    provisional = row.yes_or_no("provisional", default=False)
    source, reasoning = row.optional_text("source"), row.optional_text("reasoning")
    if provisional and reasoning is None:
        raise row.error("reasoning", "missing: a provisional number needs its reasoning")
    if provisional and source is not None:
        raise row.error("source", "a provisional number has no source")
    if not provisional and source is None:
        raise row.error("source", "missing: a number that is not provisional needs its source")
    return provisional, source, reasoning


def _cut_off(row: Table, languages: tuple[str, ...], scores: tuple[str, ...]) -> CutOff:
    on = row.text("on")
    if on != "items" and on not in scores:
        raise row.error("on", f"{on!r} is neither a score of this instrument nor 'items'")
    provisional, source, reasoning = _source_or_reasoning(row)
    cut_off = CutOff(
        code=row.text("code"),
        on=on,
        comparison=row.word("comparison", words_of(Comparison)),
        value=row.number("value"),
        first_session=row.integer("first_session", minimum=1) if row.has("first_session") else None,
        last_session=row.integer("last_session", minimum=1) if row.has("last_session") else None,
        in_a_row=row.integer("in_a_row", minimum=1) if row.has("in_a_row") else 1,
        meaning=row.translated("meaning", languages),
        provisional=provisional,
        source=source,
        reasoning=reasoning,
    )
    row.close()
    return cut_off


def _norms(row: Table, scores: tuple[str, ...]) -> Norms:
    score = row.word("score", scores)
    provisional, source, reasoning = _source_or_reasoning(row)
    reliability = row.number("reliability", minimum=0)
    if reliability >= 1:
        raise row.error("reliability", "must be less than 1")
    norms = Norms(
        score=score,
        mean=row.number("mean"),
        between_sd=row.number("between_sd", minimum=0),
        within_sd=row.number("within_sd", minimum=0),
        reliability=reliability,
        slope_per_log_session=row.number("slope_per_log_session"),
        slope_sd=row.number("slope_sd", minimum=0),
        provisional=provisional,
        source=source,
        reasoning=reasoning,
    )
    row.close()
    return norms


def _licence(table: Table) -> Licence:
    rights = words_of(Permission)
    licence = Licence(
        holder=table.text("holder"),
        terms=table.text("terms"),
        commercial=table.word("commercial", rights),
        electronic=table.word("electronic", rights),
        translation=table.word("translation", rights),
        modification=table.word("modification", rights),
    )
    table.close()
    return licence


def _validation(table: Table) -> Validation:
    validation = Validation(
        status=table.word("status", ("not_yet_validated", "validated")), source=table.optional_text("source")
    )
    if validation.status == "validated" and validation.source is None:
        raise table.error("source", "missing: a validated instrument names the study")
    table.close()
    return validation
