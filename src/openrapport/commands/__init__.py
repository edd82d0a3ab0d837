"""The command line: one word, one module. Analysis words work without the web application installed."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType
from typing import NoReturn

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
    "backup": Word("backup", "a copy of the running practice in one file", "backup willow.orbackup", PRACTICE),
    "restore": Word("restore", "put a backup into an empty place", "restore willow.orbackup", PRACTICE),
    "rotate-keys": Word(
        "rotate_keys", "write everything that is encrypted again under the newest key", "rotate-keys", PRACTICE
    ),
    "ruptures": Word(
        "ruptures",
        "find drops in any table of session scores",
        "ruptures docs/analysis/invented_scores.csv --client client --session session --score alliance",
        ANALYSIS,
    ),
    "score": Word(
        "score",
        "turn answers to an instrument into its scores",
        "score docs/analysis/examples/answers.csv --instrument alliance-adult --keep client session",
        ANALYSIS,
    ),
    "change": Word(
        "change",
        "judge which clients changed reliably, and which recovered",
        "change docs/analysis/examples/ends.csv --client client --before intake --after end "
        "--sd 6 --reliability 0.85 --direction lower-is-better --cut-off 20",
        ANALYSIS,
    ),
    "growth": Word(
        "growth",
        "fit a multilevel growth curve to any table of session scores",
        'growth docs/analysis/invented_scores.csv --outcome alliance --client client --fixed "log(session)" '
        '--random "1 + log(session)" --method reml',
        ANALYSIS,
    ),
    "expected": Word(
        "expected",
        "draw the expected treatment response, and check it on people it has not seen",
        "expected docs/analysis/examples/courses.csv --client client --session session --score distress "
        "--intake intake --direction lower-is-better --sd 5 --reliability 0.85",
        ANALYSIS,
    ),
    "within-between": Word(
        "within_between",
        "tell apart what goes together within people and between them",
        "within-between docs/analysis/examples/views.csv --outcome wellbeing --predictor client_view --person client",
        ANALYSIS,
    ),
    "congruence": Word(
        "congruence",
        "compare how two people see the same sessions",
        "congruence docs/analysis/examples/views.csv --client client_view --therapist therapist_view "
        "--dyad relationship",
        ANALYSIS,
    ),
    "therapists": Word(
        "therapists",
        "estimate how much outcomes differ between therapists",
        "therapists docs/analysis/examples/caseloads.csv --outcome outcome --therapist therapist --covariates intake",
        ANALYSIS,
    ),
    "dropout": Word(
        "dropout",
        "model the risk of leaving at each session",
        "dropout docs/analysis/examples/attended.csv --client client --session session --event left "
        "--covariates alliance",
        ANALYSIS,
    ),
    "meta": Word(
        "meta",
        "put the correlations of several studies together",
        "meta docs/analysis/examples/studies.csv --r correlation --n participants --study study",
        ANALYSIS,
    ),
    "reliability": Word(
        "reliability",
        "estimate how consistently items measure one thing",
        "reliability docs/analysis/examples/answers.csv --items trust empathy respect --leave-out",
        ANALYSIS,
    ),
    "goals": Word(
        "goals",
        "compute goal attainment T scores",
        "goals docs/analysis/examples/goals.csv --client client --attained level --weight importance",
        ANALYSIS,
    ),
    "simulate": Word(
        "simulate",
        "write invented tables to try things on",
        "simulate --table scores --clients 70 --seed 4 --out invented.csv",
        ANALYSIS,
    ),
    "report": Word(
        "report",
        "write one HTML page with the numbers and pictures of a table of session scores",
        "report docs/analysis/invented_scores.csv --client client --session session --score alliance --out report.html",
        ANALYSIS,
    ),
    "population": Word(
        "population",
        "growth, scan, scores, change and overview of any number of rows",
        "population growth docs/analysis/invented_scores.csv --client client --session session --score alliance "
        "--unit 0.1",
        ANALYSIS,
    ),
    "rules": Word(
        "rules",
        "compare the rules for ruptures: on your scores, and how often each is wrong",
        "rules --table",
        ANALYSIS,
    ),
}


class _Parser(argparse.ArgumentParser):
    """Says in one line what was typed wrong, and where the options are listed."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{self.prog}: {message} (see {self.prog} --help)")


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
        parser = _Parser(
            prog=f"./openrapport {name}",
            description=f"{word.help[0].upper()}{word.help[1:]}.",
            epilog=f"Example:\n{_to_copy(word.example)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(parser)
        status = int(module.run(parser.parse_args(given)))
        sys.stdout.flush()  # a reader who has gone is noticed here, not at the end of Python
        return status
    except (CommandError, ConfigurationError) as problem:
        print(problem, file=sys.stderr)
        return UNDERSTOOD_WRONG
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; what is still to be flushed goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _to_copy(example: str, width: int = 86) -> str:
    """The example as a shell takes it, broken before options where it is long."""
    first, *options = example.split(" --")
    lines = [f"  ./openrapport {first}"]
    for option in options:
        if len(lines[-1]) + len(option) + 5 > width:
            lines[-1] += " \\"
            lines.append(f"      --{option}")
        else:
            lines[-1] += f" --{option}"
    return "\n".join(lines)


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
