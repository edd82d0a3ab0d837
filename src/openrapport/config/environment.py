"""Settings come from environment variables only; what is missing or weak stops the start with one clear line."""

import os
from pathlib import Path

WEAK_SECRETS = ("", "secret", "changeme", "change-me", "insecure", "password")
SHORTEST_SECRET = 40


class ConfigurationError(Exception):
    """Something in the environment keeps OpenRapport from starting; the message says what to do."""


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ConfigurationError(f"{name} is not set. Run `./openrapport setup` once, or set it in the environment.")
    return value


def flag(name: str) -> bool:
    value = os.environ.get(name, "0").strip().lower()
    if value in {"1", "true", "yes"}:
        return True
    if value in {"", "0", "false", "no"}:
        return False
    raise ConfigurationError(f"{name}={value!r} is neither yes nor no. Use 1 or 0.")


def whole_number(name: str, default: int, *, least: int) -> int:
    raw = os.environ.get(name, str(default))
    try:
        value = int(raw)
    except ValueError:
        raise ConfigurationError(f"{name}={raw!r} is not a whole number.") from None
    if value < least:
        raise ConfigurationError(f"{name}={value} is too small; use {least} or more.")
    return value


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def secret(name: str) -> str:
    value = text(name)
    if value.lower() in WEAK_SECRETS or len(value) < SHORTEST_SECRET or len(set(value)) < 10:
        raise ConfigurationError(
            f"{name} is too weak: use at least {SHORTEST_SECRET} random characters, "
            "for example from `./openrapport setup`."
        )
    return value


def encryption_keys(name: str) -> list[str]:
    """Fernet keys, newest first; older ones stay so that what they wrote can still be read."""
    from cryptography.fernet import Fernet

    keys = words(name)
    if not keys:
        raise ConfigurationError(f"{name} is not set. Run `./openrapport setup` once; without it no text can be read.")
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ConfigurationError(
                f"{name}: key {position} is not a Fernet key (32 bytes, url-safe base64)."
            ) from None
    return keys


def data_folder() -> Path:
    return Path(text("OPENRAPPORT_DATA", "var")).absolute()
