"""Every sentence people see is translated, with the same placeholders, and what is compiled is what is written."""

import re

import pytest

from tests.translations import LANGUAGES, SOURCE, compiled, folder, is_translated, read, sentences

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def both(message) -> tuple[list[str], list[str]]:
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    strings = [message.string] if isinstance(message.string, str) else list(message.string)
    return ids, strings


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_waits_for_a_translation(language: str):
    kept = read(language)
    waiting = []
    for found in sentences():
        if not found.id:
            continue
        message = kept.get(found.id, found.context)
        if message is None or message.fuzzy or not is_translated(message.string):
            waiting.append(found.id)
    assert waiting == [], "Run `make messages` and translate the empty ones."


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str):
    wrong = []
    for message in read(language):
        if not message.id:
            continue
        ids, strings = both(message)
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        wrong += [
            ids[0]
            for string in strings
            if not set(PLACEHOLDER.findall(string)) <= wanted | set(PLACEHOLDER.findall(ids[0]))
        ]
        wrong += [ids[0]] if set(PLACEHOLDER.findall(strings[-1])) != wanted else []
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_the_written_one(language: str):
    assert (folder(language) / "django.mo").read_bytes() == compiled(read(language)), "Run `make messages`."


def test_long_template_sentences_are_trimmed():
    """Leading white space in a template would otherwise be part of the sentence that is looked up."""
    block = re.compile(r"{%\s*blocktranslate(?P<options>[^%]*)%}(?P<text>.*?){%\s*endblocktranslate", re.DOTALL)
    untrimmed = [
        f"{path.relative_to(SOURCE)}: {match['text'].strip()[:40]}"
        for path in SOURCE.rglob("*.html")
        for match in block.finditer(path.read_text(encoding="utf-8"))
        if "\n" in match["text"] and "trimmed" not in match["options"]
    ]
    assert untrimmed == []


def test_no_template_sentence_holds_an_escaped_quote():
    """The collector would keep the sentence only as far as the quote, and it would stay untranslated unseen."""
    escaped = re.compile(r"""{%\s*translate\s+(?:"[^"]*\\"|'[^']*\\')""")
    assert [str(p.relative_to(SOURCE)) for p in SOURCE.rglob("*.html") if escaped.search(p.read_text("utf-8"))] == []
