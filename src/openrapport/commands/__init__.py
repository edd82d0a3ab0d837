"""The command line: one word, one module. Analysis words work without the web application installed."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType

from openrapport.config.environment import ConfigurationError

UNDERSTOOD_WRONG = 2  # the exit status of every mistake in what was typed or set


class CommandError(Exception):
    """The command cannot do what was asked; the message is one clear line for the person at the keyboard."""


@dataclass(frozen=True)
class Word:
    """A word after `./openrapport`: the module that answers it, what it does, and one line to copy."""

    module: str
    help: str
    example: str
    group: str


PRACTICE, ANALYSIS = "A practice", "Analysis"
WORDS: dict[str, Word] = {
    "demo": Word("demo", "an invented practice to look around in", "demo --port 8000", PRACTICE),
    "setup": Word("setup", "make the database, the keys, the first practice and its administrator", "setup", PRACTICE),
    "serve": Word("serve", "run the web application", "serve --port 8000", PRACTICE),
    "worker": Word("worker", "send mail and do the repeated jobs apart from the web application", "worker", PRACTICE),
    "doctor": Word("doctor", "check database, keys, mail and versions, and say how to mend each", "doctor", PRACTICE),
    "reset-second-factor": Word(
        "reset_second_factor",
        "take away the lost passkey and app codes of one person, who then sets up new ones",
        "reset-second-factor maya@example.org",
        PRACTICE,
    ),
    "ruptures": Word(
        "ruptures",
        "find drops in any table of session scores",
        "ruptures scores.csv --client client --session session --score alliance",
        ANALYSIS,
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one word. Returns the exit status: 0 done, 1 done and something is wrong, 2 misunderstood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in {"-h", "--help", "help"}:
        print(_overview())
        return 0 if given else UNDERSTOOD_WRONG
    if given[0] == "--version":
        from openrapport import __version__

        print(__version__)
        return 0
    if given[0] not in WORDS:
        print(_unknown(given[0]), file=sys.stderr)
        return UNDERSTOOD_WRONG
    return _run(given[0], given[1:])


def _run(name: str, given: list[str]) -> int:
    word = WORDS[name]
    try:
        module = _load(word)
        parser = argparse.ArgumentParser(
            prog=f"./openrapport {name}",
            description=f"{word.help[0].upper()}{word.help[1:]}.",
            epilog=f"Example: ./openrapport {word.example}",
        )
        module.add_arguments(parser)
        return int(module.run(parser.parse_args(given)))
    except (CommandError, ConfigurationError) as problem:
        print(problem, file=sys.stderr)
        return UNDERSTOOD_WRONG
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader, such as `head`, has seen enough
        return 0


def _load(word: Word) -> ModuleType:
    try:
        return importlib.import_module(f"openrapport.commands.{word.module}")
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("openrapport"):
            raise
        extra = "population" if word.group == ANALYSIS else "server"
        raise CommandError(
            f"This needs {missing.name}, which is not installed. Run: pip install 'openrapport[{extra}]'"
        ) from None


def _overview() -> str:
    width = max(len(name) for name in WORDS)
    lines = ["OpenRapport looks after the working alliance between a therapist and a client.", ""]
    for group in (PRACTICE, ANALYSIS):
        lines.append(f"{group}:")
        lines += [f"  {name:<{width}} {word.help}" for name, word in WORDS.items() if word.group == group]
        lines.append("")
    lines += [
        "Working on OpenRapport itself:",
        f"  {'test':<{width}} run every check and test; takes pytest's arguments",
        "",
        "More about one of them: ./openrapport WORD --help",
        "Example: ./openrapport demo",
    ]
    return "\n".join(lines)


def _unknown(word: str) -> str:
    near = get_close_matches(word, [*WORDS, "test"], n=1)
    hint = f"Did you mean `{near[0]}`?" if near else "`./openrapport --help` lists what there is."
    return f"There is no word {word!r}. {hint}"
