"""Settings come from environment variables only; what is missing or weak stops the start with one clear line."""

import os
from base64 import urlsafe_b64decode
from pathlib import Path

WEAK_SECRETS = ("", "secret", "changeme", "change-me", "insecure", "password")
SHORTEST_SECRET = 40
LEAST_DIFFERENT_BYTES = 16  # of 32 random bytes about 30 differ; fewer than 16 do not happen by chance
HOW_TO_MAKE_A_KEY = (
    'python3 -c "import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)


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
        if len(set(urlsafe_b64decode(key))) < LEAST_DIFFERENT_BYTES:
            raise ConfigurationError(
                f"{name}: key {position} was not made at random, so it can be guessed. A new one: {HOW_TO_MAKE_A_KEY}"
            )
    return keys


def mail_transport(name: str, *, port: int, signs_in: bool) -> str:
    """How the way to the mail server is encrypted: starttls, tls or none. A password never travels in the open."""
    chosen = text(name, "").strip().lower() or {587: "starttls", 465: "tls"}.get(port, "none")
    if chosen not in {"starttls", "tls", "none"}:
        raise ConfigurationError(f"{name}={chosen!r}: use starttls, tls or none.")
    if chosen == "none" and signs_in:
        raise ConfigurationError(
            f"The password for the mail server would travel unencrypted over port {port}: "
            f"set {name} to starttls or tls (ports 587 and 465 know by themselves)."
        )
    return chosen


def data_folder() -> Path:
    return Path(text("OPENRAPPORT_DATA", "var")).absolute()
