"""A file is an instrument only when it is whole; every mistake is one line with the file and the key path."""

import pytest

from openrapport.analysis.catalogue import load_catalogue
from openrapport.analysis.instrument import InstrumentError
from openrapport.analysis.instrument_file import load_instrument, parse_instrument

WHOLE = """
id = "tiny"
version = 1
audience = "adult"
kind = "wellbeing"
languages = ["en", "es"]
title = { en = "Tiny", es = "Corto" }
introduction = { en = "Two questions.", es = "Dos preguntas." }

[[items]]
code = "sun"
kind = "rating"
minimum = 0
maximum = 10
step = 1
label = { en = "Sun", es = "Sol" }
text = { en = "How sunny was it?", es = "¿Cuánto sol hizo?" }
anchors.en = { 0 = "None", 10 = "All day" }
anchors.es = { 0 = "Nada", 10 = "Todo el día" }

[[items]]
code = "more"
kind = "words"
optional = true
label = { en = "More", es = "Más" }
text = { en = "Anything else?", es = "¿Algo más?" }

[[scores]]
code = "total"
title = { en = "Sun", es = "Sol" }
items = ["sun"]
method = "mean"
max_missing = 0
direction = "higher_is_better"
minimum = 0
maximum = 10

[[cut_offs]]
code = "dark"
on = "total"
comparison = "below"
value = 3
first_session = 2
last_session = 4
meaning = { en = "Dark", es = "Oscuro" }
provisional = true
reasoning = "A guess."

[[norms]]
score = "total"
mean = 5
between_sd = 1
within_sd = 1
reliability = 0.8
slope_per_log_session = 0
slope_sd = 0
provisional = true
reasoning = "A guess."

[licence]
holder = "Nobody"
terms = "CC BY 4.0"
commercial = "allowed"
electronic = "allowed"
translation = "allowed"
modification = "allowed"

[validation]
status = "not_yet_validated"
"""


def test_a_whole_file_becomes_an_instrument():
    tiny = parse_instrument(WHOLE, file="tiny.toml")
    assert tiny.ref == "tiny@1"
    assert tiny.item("sun").values == tuple(range(11))
    assert tiny.item("more").values == ()
    assert tiny.total.best == 10
    assert not tiny.is_validated


def test_a_cut_off_knows_when_it_applies_and_when_it_is_crossed():
    dark = parse_instrument(WHOLE, file="tiny.toml").cut_off("dark")
    assert dark is not None
    assert [dark.applies_at(session) for session in (1, 2, 4, 5)] == [False, True, True, False]
    assert [dark.is_crossed(value) for value in (2.9, 3.0)] == [True, False]


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ('holder = "Nobody"\n', "", "licence.holder", "missing"),
        ('translation = "allowed"\n', "", "licence.translation", "missing"),
        ('commercial = "allowed"', 'commercial = "perhaps"', "licence.commercial", "not one of"),
        ("[validation]\n", "[other]\n", "validation", "missing"),
        (', es = "¿Algo más?"', "", "items[1].text.es", "missing"),
        (', es = "¿Algo más?"', ', es = " "', "items[1].text.es", "not empty"),
        (', 10 = "Todo el día"', "", "items[0].anchors.es.10", "missing"),
        ('code = "more"', 'code = "sun"', "items[1]", "there twice"),
        ('items = ["sun"]', 'items = ["moon"]', "scores[0].items", "'moon'"),
        ('items = ["sun"]', 'items = ["more"]', "scores[0].items", "numeric answer"),
        ('items = ["sun"]', 'items = ["sun", "sun"]', "scores[0].items", "twice"),
        ("max_missing = 0", "max_missing = 1", "scores[0].max_missing", "less than"),
        ('direction = "higher_is_better"\nminimum = 0', 'direction = "up"\nminimum = 0', "scores[0].direction", "'up'"),
        ("minimum = 0\nmaximum = 10\n\n[[cut", "minimum = 0\nmaximum = 9\n\n[[cut", "scores[0].minimum", "0 to 10"),
        ('on = "total"', 'on = "moon"', "cut_offs[0].on", "'moon'"),
        ("reliability = 0.8", "reliability = 1.0", "norms[0].reliability", "less than 1"),
        ("within_sd = 1\n", "", "norms[0].within_sd", "missing"),
        ("version = 1", "version = 0", "version", "at least 1"),
        ("version = 1", 'version = "1"', "version", "whole number"),
        ("version = 1", "version = 1\ncolour = 3", "colour", "not a key"),
        ('audience = "adult"', 'audience = "cat"', "audience", "'cat'"),
        ("step = 1", "step = 3", "items[0].maximum", "whole number of steps"),
    ],
)
def test_a_mistake_is_named_by_file_and_key_in_one_line(old, new, key, problem):
    assert old in WHOLE
    with pytest.raises(InstrumentError) as raised:
        parse_instrument(WHOLE.replace(old, new, 1), file="tiny.toml")
    message = str(raised.value)
    assert message.startswith(f"tiny.toml: {key}: ")
    assert problem in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('provisional = true\nreasoning = "A guess."\n\n[[norms]]', "\n[[norms]]", "cut_offs[0].source"),
        (
            'provisional = true\nreasoning = "A guess."\n\n[licence]',
            "provisional = true\n[licence]",
            "norms[0].reasoning",
        ),
        (
            'reasoning = "A guess."\n\n[licence]',
            'reasoning = "A guess."\nsource = "Somebody 1999"\n\n[licence]',
            "norms[0].source",
        ),
        ('status = "not_yet_validated"', 'status = "validated"', "validation.source"),
    ],
)
def test_a_number_has_either_a_source_or_a_reasoning(old, new, key):
    assert old in WHOLE
    with pytest.raises(InstrumentError, match="^" + ("tiny.toml: " + key).replace("[", r"\[").replace("]", r"\]")):
        parse_instrument(WHOLE.replace(old, new, 1), file="tiny.toml")


def test_broken_toml_is_named_with_its_line():
    with pytest.raises(InstrumentError, match=r"^tiny\.toml: not valid TOML: .*line 2"):
        parse_instrument('id = "tiny"\nversion = = 1\n', file="tiny.toml")


def test_a_missing_file_and_a_file_in_another_encoding_are_named(tmp_path):
    with pytest.raises(InstrumentError, match=r"^none\.toml: cannot be read"):
        load_instrument(tmp_path / "none.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('id = "días"'.encode("latin-1"))
    with pytest.raises(InstrumentError, match=r"^latin\.toml: not UTF-8"):
        load_instrument(latin)


def test_every_file_of_the_catalogue_breaks_without_its_licence():
    # The manifest is what lets an instrument be used at all: no file may be an exception.
    from importlib.resources import files

    for ref in (instrument.ref for instrument in load_catalogue().values()):
        text = files("openrapport.analysis.catalogue").joinpath(f"{ref}.toml").read_text(encoding="utf-8")
        with pytest.raises(InstrumentError, match="licence"):
            parse_instrument(text.replace("[licence]", "[license]"), file=ref)
