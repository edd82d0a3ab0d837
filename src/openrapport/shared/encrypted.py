"""Text that is encrypted before it reaches the database, with keys that can be rotated."""

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
    """A stored text that no configured key opens. It is never shown as empty: that would hide a loss."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    return _box(tuple(settings.ENCRYPTION_KEYS))


class EncryptedTextField(_TextField):
    """Stores Fernet tokens; reads and writes plain text. Cannot be searched, by design."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return box().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        if value is None:
            return None
        try:
            return box().decrypt(value.encode()).decode()
        except InvalidToken:
            raise UnreadableText(
                f"{self.model.__name__}.{self.name}: no key in OPENRAPPORT_ENCRYPTION_KEYS opens this text."
            ) from None

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and cannot be searched by {lookup_name!r}.")
        return super().get_lookup(lookup_name)
