"""Before Django starts: the data folder, and the settings that `setup` wrote into it."""

import argparse
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from openrapport.commands import CommandError
from openrapport.config.environment import ConfigurationError, data_folder

FILE_NAME = "openrapport.env"
ONLY_OWNER = 0o600
_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_HEADER = """\
# Settings of this practice, read at every start; what is set in the environment goes before them.
# The encryption keys open the texts in the database. Keep a copy apart from the database: without them nobody,
# not even you, can read those texts.
"""


def add_data_argument(parser: argparse.ArgumentParser, *, default: str = "$OPENRAPPORT_DATA, else ./var") -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"folder of database, settings and mail (default: {default})"
    )


def settings_file(folder: Path) -> Path:
    return folder / FILE_NAME


def load_environment(data: Path | None) -> Path:
    """Choose the data folder and read its settings file. What is set in the environment already wins."""
    if data is not None:
        os.environ["OPENRAPPORT_DATA"] = str(data.absolute())
    folder = data_folder()
    os.umask(0o077)  # whatever is made from here on belongs to this user alone
    for name, value in read_settings(settings_file(folder)).items():
        os.environ.setdefault(name, value)
    return folder


def read_settings(path: Path) -> dict[str, str]:
    """KEY=value lines; none when there is no file. Raises ConfigurationError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path} cannot be read: {problem}.") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ConfigurationError(f"{path}, line {number}: expected NAME=value.")
        found[match[1]] = _unquoted(match[2].strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def add_settings(path: Path, new: Mapping[str, str]) -> None:
    """Append settings to the file, which only its owner may read. What stands there is never replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.exists() and not path.read_text(encoding="utf-8").endswith("\n")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, ONLY_OWNER)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        if file.tell() == 0:
            file.write(_HEADER)
        elif unfinished:
            file.write("\n")
        file.writelines(f"{name}={value}\n" for name, value in new.items())
        file.flush()
        os.fsync(file.fileno())


def new_keys() -> dict[str, str]:
    """A secret for signing and a key for stored text."""
    return {
        "OPENRAPPORT_SECRET_KEY": secrets.token_urlsafe(48),
        "OPENRAPPORT_ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


def start_django() -> None:
    """Load the settings and the apps. Raises ConfigurationError with one clear line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport.config.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as problem:
        raise ConfigurationError(str(problem)) from None


def require_database() -> None:
    """One clear line when the database does not answer. Call it after `start_django`."""
    from django.db import DatabaseError, connection

    try:
        connection.ensure_connection()
    except DatabaseError as problem:
        first_line = str(problem).strip().splitlines()[0] if str(problem).strip() else "no answer"
        raise CommandError(f"The database does not answer: {first_line}") from None
