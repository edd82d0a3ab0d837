"""What the shipped instruments promise: their components, their languages, their plainness, and that versions last."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from threading import Event, Thread

import pytest

from openrapport.analysis import catalogue
from openrapport.analysis.catalogue import UnknownInstrument, get_by_ref, get_instrument, load_catalogue
from openrapport.analysis.instrument import COMPONENTS

FOLDER = files("openrapport.analysis.catalogue")
INSTRUMENTS = list(load_catalogue().values())
EVERY = pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.ref)

# Rough guards for reading age (12 for adults and teens, 7 for children): short sentences, short words.
MOST_WORDS = {"child": 9, "teen": 20, "adult": 20, "guardian": 20, "therapist": 20}
LONGEST_WORD = {"child": 9, "teen": 13, "adult": 13, "guardian": 15, "therapist": 13}


def test_the_catalogue_holds_every_audience():
    assert {instrument.id for instrument in INSTRUMENTS} == {
        "alliance-adult",
        "alliance-teen",
        "alliance-child",
        "alliance-guardian",
        "alliance-therapist",
        "child-connecting",
        "wellbeing-adult",
        "wellbeing-teen",
        "wellbeing-child",
    }


@pytest.mark.parametrize("audience", ["adult", "teen", "guardian", "therapist"])
def test_an_alliance_form_asks_each_component_once_and_one_free_line(audience):
    instrument = get_instrument(f"alliance-{audience}")
    assert tuple(item.component for item in instrument.items if item.is_numeric) == COMPONENTS
    assert all((item.minimum, item.maximum, item.step) == (0, 10, 1) for item in instrument.items if item.is_numeric)
    (free_line,) = [item for item in instrument.items if not item.is_numeric]
    assert (free_line.kind, free_line.component, free_line.optional) == ("words", None, True)


def test_the_child_form_has_four_questions_with_five_faces_and_may_be_drawn():
    child = get_instrument("alliance-child")
    faces = [item for item in child.items if item.kind == "faces"]
    assert [item.values for item in faces] == [(0, 1, 2, 3, 4)] * 4
    assert {item.component for item in faces} <= set(COMPONENTS)
    assert all(len(item.anchors["es"]) == 5 for item in faces)
    assert [item.kind for item in child.items if not item.is_numeric] == ["drawing", "words"]


def test_a_guardian_sees_six_signs_and_may_be_unsure():
    signs = get_instrument("child-connecting")
    assert [item.kind for item in signs.items] == ["yes_no_unsure"] * 6
    assert signs.total.maximum == 6


@EVERY
def test_an_instrument_says_that_it_is_ours_and_not_yet_validated(instrument):
    assert instrument.languages == ("en", "es")
    assert not instrument.is_validated
    assert instrument.licence.terms == "CC BY 4.0"


@EVERY
def test_every_norm_and_cut_off_is_provisional_with_its_reasoning(instrument):
    for number in (*instrument.norms, *instrument.cut_offs):
        assert number.provisional
        assert number.source is None
        assert number.reasoning
        assert len(number.reasoning) > 60


@EVERY
def test_questions_are_short_and_in_plain_words(instrument):
    for item in instrument.items:
        for language, text in item.text.items():
            words = re.findall(r"\w+", text)
            assert len(words) <= MOST_WORDS[instrument.audience] + (4 if language == "es" else 0), text
            assert max(map(len, words)) <= LONGEST_WORD[instrument.audience], text


@EVERY
def test_spanish_is_not_left_in_english(instrument):
    for item in instrument.items:
        assert item.text["en"] != item.text["es"]
        if item.is_numeric and item.kind != "yes_no_unsure":
            assert item.anchors["en"] != item.anchors["es"]


@EVERY
def test_a_version_that_was_ever_shipped_never_changes(instrument):
    lines = FOLDER.joinpath("VERSIONS.lock").read_text().splitlines()
    locked = {name: digest for digest, name in (line.split("  ") for line in lines)}
    name = f"{instrument.ref}.toml"
    digest = hashlib.sha256(FOLDER.joinpath(name).read_bytes()).hexdigest()
    assert name in locked, f"A new version: add this line to VERSIONS.lock:\n{digest}  {name}"
    assert locked[name] == digest, f"{name} was answered by people. Copy it to a new version instead of changing it."


def test_no_version_is_ever_taken_away():
    for line in FOLDER.joinpath("VERSIONS.lock").read_text().splitlines():
        assert FOLDER.joinpath(line.split("  ")[1]).is_file(), line


def test_the_newest_version_is_given_unless_one_is_named():
    assert get_instrument("alliance-adult").version == max(
        instrument.version for instrument in INSTRUMENTS if instrument.id == "alliance-adult"
    )
    assert get_instrument("alliance-adult", 1) is get_by_ref("alliance-adult@1")


@pytest.mark.parametrize(("name", "version"), [("alliance-cat", None), ("alliance-adult", 99)])
def test_an_unknown_instrument_is_refused_with_those_there_are(name, version):
    with pytest.raises(UnknownInstrument, match="Known: alliance-adult@1, alliance-child@1"):
        get_instrument(name, version)


@pytest.mark.parametrize("ref", ["alliance-adult", "alliance-adult@", "alliance-adult@one", "@1"])
def test_a_reference_that_is_none_is_refused(ref):
    with pytest.raises(UnknownInstrument):
        get_by_ref(ref)


def test_many_who_ask_first_at_the_same_moment_get_the_same_instruments(monkeypatch: pytest.MonkeyPatch):
    reading, may_go_on, given = [Event(), Event()], Event(), []

    def read() -> dict[tuple[str, int], object]:
        next(one for one in reading if not one.is_set()).set()
        may_go_on.wait(10)
        return {}

    monkeypatch.setattr(catalogue, "_read_all", cache(read))
    readers = [Thread(target=lambda: given.append(catalogue.load_catalogue())) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert reading[0].wait(10)
    assert not reading[1].wait(0.2), "both read, and each has instruments of its own"
    may_go_on.set()
    for reader in readers:
        reader.join(10)
    assert given[0] is given[1]
