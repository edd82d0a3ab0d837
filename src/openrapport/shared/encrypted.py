"""Text and bytes that are encrypted before they reach the database, with keys that can be rotated."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class UnreadableText(Exception):
    """Something stored that no configured key opens. It is never shown as empty: that would hide a loss."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    return _box(tuple(settings.ENCRYPTION_KEYS))


def under_newest_key(token: str) -> str | None:
    """The same text under the newest key; None when it is already. Raises UnreadableText when no key opens it."""
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        try:
            return box().rotate(token.encode()).decode()
        except InvalidToken:
            raise UnreadableText("no key in OPENRAPPORT_ENCRYPTION_KEYS opens this text.") from None
    return None


class EncryptedTextField(_TextField):
    """Stores Fernet tokens; reads and writes plain text. Cannot be searched, by design."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return box().encrypt(self.to_plain(value)).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        if value is None:
            return None
        try:
            return self.from_plain(box().decrypt(value.encode()))
        except InvalidToken:
            raise UnreadableText(
                f"{self.model.__name__}.{self.name}: no key in OPENRAPPORT_ENCRYPTION_KEYS opens this text."
            ) from None

    def to_plain(self, value: Any) -> bytes:
        return str(value).encode()

    def from_plain(self, plain: bytes) -> Any:
        return plain.decode()

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and cannot be searched by {lookup_name!r}.")
        return super().get_lookup(lookup_name)


class EncryptedBytesField(EncryptedTextField):
    """The same for bytes, such as a drawing. In the database it is a token as well."""

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def to_plain(self, value: Any) -> bytes:
        return bytes(value)

    def from_plain(self, plain: bytes) -> Any:
        return plain
