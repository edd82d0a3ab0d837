"""`setup`: database, keys, the first practice and its administrator. Running it again migrates and changes no key."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openrapport.commands import CommandError
from openrapport.commands.configuration import (
    add_data_argument,
    add_settings,
    load_environment,
    new_keys,
    require_database,
    settings_file,
    start_django,
)
from openrapport.commands.places import COUNTRIES, nearest_time_zone, time_zones

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Question:
    """One thing setup wants to know: the flag's name, the words to ask with, and what makes an answer good."""

    name: str
    ask: str
    check: Callable[[str], str]
    default: str = ""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


def _a_name(typed: str) -> str:
    name = " ".join(typed.split())
    if not 0 < len(name) <= 120 or not name.isprintable():
        raise ValueError("a name has 1 to 120 characters")
    return name


def _a_country(typed: str) -> str:
    code = typed.strip().upper()
    if code not in COUNTRIES:
        raise ValueError(f"{typed!r} is not a two-letter country code such as US, ES or MX")
    return code


def _a_time_zone(typed: str) -> str:
    if typed.strip() in time_zones():
        return typed.strip()
    near = nearest_time_zone(typed)
    raise ValueError(
        f"{typed!r} is not a time zone" + (f"; did you mean {near}?" if near else " such as Europe/Madrid")
    )


def _a_language(typed: str) -> str:
    if typed.strip().lower() not in LANGUAGES:
        raise ValueError(f"{typed!r} is not one of {', '.join(LANGUAGES)}")
    return typed.strip().lower()


def _an_email(typed: str) -> str:
    from django.core.exceptions import ValidationError
    from django.core.validators import EmailValidator

    try:
        EmailValidator()(typed.strip())
    except ValidationError:
        raise ValueError(f"{typed!r} is not an e-mail address") from None
    return typed.strip().lower()


QUESTIONS = (
    Question("practice", "Name of the practice", _a_name),
    Question("country", "Country (two letters, such as US or ES)", _a_country),
    Question("time_zone", "Time zone (such as Europe/Madrid)", _a_time_zone, default="UTC"),
    Question("language", f"Language ({' or '.join(LANGUAGES)})", _a_language, default="en"),
    Question("admin_name", "Name of the administrator", _a_name),
    Question("admin_email", "E-mail address of the administrator", _an_email),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for question in QUESTIONS:
        parser.add_argument(question.flag, metavar="TEXT", help=question.ask.lower())
    parser.add_argument(
        "--solo", action="store_true", help="the administrator works alone: therapist and administrator in one person"
    )
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    given = _checked(arguments)
    folder = load_environment(arguments.data)
    made_keys = {name: value for name, value in new_keys().items() if not os.environ.get(name)}
    os.environ.update(made_keys)
    start_django()
    if practice := _existing_practice():
        if "OPENRAPPORT_ENCRYPTION_KEYS" in made_keys:
            raise CommandError(
                "The database holds a practice already, but its encryption keys are missing: "
                f"put {settings_file(folder)} back, or set OPENRAPPORT_ENCRYPTION_KEYS. "
                "New keys would not open what is stored."
            )
        _keep(made_keys, folder)
        _migrate()
        print(f"The practice {practice!r} exists already; its database is up to date and its keys are unchanged.")
        return 0
    answers = _ask_for_the_rest(given)
    # The keys are on the disk before anything is written under them.
    _keep(made_keys, folder)
    _migrate()
    _make_practice(answers, works_alone=arguments.solo)
    _say_what_is_next(answers, folder)
    return 0


def _checked(arguments: argparse.Namespace) -> dict[str, str]:
    """The answers given as flags, each checked before anything is made."""
    good: dict[str, str] = {}
    for question in QUESTIONS:
        typed = getattr(arguments, question.name)
        if typed is not None:
            try:
                good[question.name] = question.check(typed)
            except ValueError as problem:
                raise CommandError(f"{question.flag}: {problem}.") from None
    return good


def _ask_for_the_rest(given: dict[str, str]) -> dict[str, str]:
    missing = [question for question in QUESTIONS if question.name not in given]
    if not sys.stdin.isatty():
        wanted = [question.flag for question in missing if not question.default]
        if wanted:
            raise CommandError(f"Nobody is here to ask, so these are needed: {' '.join(wanted)}")
        return {**{question.name: question.default for question in missing}, **given}
    return {**given, **{question.name: _ask(question) for question in missing}}


def _ask(question: Question) -> str:
    hint = f" [{question.default}]" if question.default else ""
    while True:
        typed = input(f"{question.ask}{hint}: ").strip() or question.default
        try:
            return question.check(typed)
        except ValueError as problem:
            print(f"  {problem}.")


def _existing_practice() -> str | None:
    from django.db import connection

    from openrapport.practices.models import Practice

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and not Path(name).exists():
        return None  # asking would make an empty database before the answers are known to be good
    require_database()
    if Practice._meta.db_table not in connection.introspection.table_names():
        return None
    found = Practice.objects.order_by("created_at").first()
    return found.name if found else None


def _keep(made_keys: dict[str, str], folder: Path) -> None:
    from django.conf import settings

    folder.mkdir(parents=True, exist_ok=True)
    if settings.MAIL_GOES_TO_FOLDER:
        Path(settings.EMAIL_FILE_PATH).mkdir(parents=True, exist_ok=True)
    if made_keys:
        add_settings(settings_file(folder), made_keys)


def _migrate() -> None:
    from django.core.management import call_command

    from openrapport.commands.readiness import require_durability

    require_database()
    require_durability()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def _make_practice(answers: dict[str, str], *, works_alone: bool) -> None:
    from django.utils import timezone

    from openrapport.audit.actor import Actor
    from openrapport.people.actions import EmailTaken
    from openrapport.workflows.set_up_practice import set_up_practice

    try:
        set_up_practice(
            actor=Actor.system("setup"),
            name=answers["practice"],
            country=answers["country"],
            time_zone=answers["time_zone"],
            language=answers["language"],
            administrator_name=answers["admin_name"],
            administrator_email=answers["admin_email"],
            works_alone=works_alone,
            now=timezone.now(),
        )
    except EmailTaken:
        raise CommandError(f"--admin-email: {answers['admin_email']} has an account already.") from None


def _say_what_is_next(answers: dict[str, str], folder: Path) -> None:
    from django.conf import settings
    from django.urls import reverse

    print(f"The practice {answers['practice']!r} is ready. Its data and settings are in {folder}.")
    print(f"Keep a copy of {settings_file(folder)} apart from the database: it holds the keys to the stored texts.")
    print("Next: ./openrapport serve")
    sign_in = f"{settings.BASE_URL}{reverse('account_login')}"
    print(f"Then sign in at {sign_in} as {answers['admin_email']}: a code comes by e-mail.")
    if settings.MAIL_GOES_TO_FOLDER:
        print(f"No mail server is set (OPENRAPPORT_SMTP_HOST), so mail is written to {settings.EMAIL_FILE_PATH}.")
