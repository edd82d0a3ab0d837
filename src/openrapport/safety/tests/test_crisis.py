"""Crisis lines: every country has an emergency number, and nobody is left without any line."""

import pytest

from openrapport.safety.crisis import GENERIC, countries, lines_for, read_lines

EVERY_COUNTRY = sorted(read_lines())


@pytest.mark.parametrize("country", EVERY_COUNTRY)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_country_begins_with_an_emergency_number_to_call(country: str, language: str) -> None:
    first = lines_for(country, language)[0]
    assert first.emergency
    assert first.kind == "call"
    assert first.href.startswith("tel:")


@pytest.mark.parametrize(
    ("country", "kind", "number"),
    [
        ("US", "call", "911"),
        ("US", "call", "988"),
        ("US", "text", "988"),
        ("US", "text", "741741"),
        ("ES", "call", "112"),
        ("ES", "call", "024"),
        ("GB", "call", "999"),
        ("GB", "call", "111"),
        ("GB", "call", "116 123"),
        ("GB", "text", "85258"),
        ("IE", "call", "112"),
        ("IE", "text", "50808"),
        ("CA", "call", "988"),
        ("AU", "call", "000"),
        ("AU", "call", "13 11 14"),
        ("MX", "call", "911"),
        ("MX", "call", "800 911 2000"),
    ],
)
def test_known_numbers_are_there(country: str, kind: str, number: str) -> None:
    assert (kind, number) in {(one.kind, one.number) for one in lines_for(country, "en")}


@pytest.mark.parametrize("country", ["", "XX", "generic", "us; drop", "U" * 5000])
def test_an_unknown_country_gets_the_generic_lines(country: str) -> None:
    assert lines_for(country, "en") == lines_for(GENERIC, "en")
    assert lines_for(country, "en")[0].number == "112"


def test_small_letters_name_the_same_country() -> None:
    assert lines_for("es", "en") == lines_for("ES", "en")


def test_a_number_is_dialled_without_its_spaces_and_shown_with_them() -> None:
    samaritans = next(one for one in lines_for("GB", "en") if one.name == "Samaritans")
    assert samaritans.href == "tel:116123"
    assert samaritans.shown == "116 123"


def test_a_text_line_that_asks_for_a_word_brings_it() -> None:
    line = next(one for one in lines_for("US", "en") if one.number == "741741")
    assert line.href == "sms:741741?body=HOME"


def test_words_come_in_the_language_and_in_english_where_it_is_missing() -> None:
    assert lines_for("US", "es-mx")[0].name == "Emergencias"
    assert lines_for("US", "fr")[0].name == "Emergency"


def test_every_line_says_what_it_is_in_both_languages() -> None:
    for country in EVERY_COUNTRY:
        for row in read_lines()[country]["lines"]:
            for words in (row["name"], row.get("detail", ""), row.get("hours", "")):
                assert isinstance(words, str) or {"en", "es"} <= set(words)


def test_countries_are_listed_by_name_without_the_generic_one() -> None:
    names = [one.name for one in countries("es")]
    assert names == sorted(names)
    assert "España" in names
    assert GENERIC not in {one.code for one in countries("es")}
