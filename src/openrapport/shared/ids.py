"""Identifiers that are unguessable in addresses and still sort by time in an index."""

import hashlib
import secrets
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def new_token() -> str:
    """A secret for a link: 256 bits, safe in an address."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """What is stored of a secret, so that the database alone opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
