"""Counting wrong guesses at links and codes, by the address they come from. Addresses are kept as fingerprints only."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest

from openrapport.shared.cursors import run_kept
from openrapport.shared.ids import fingerprint


@dataclass(frozen=True)
class Throttle:
    name: str
    most: int
    seconds: int

    def is_shut(self, request: HttpRequest) -> bool:
        key = self._key(request)
        return _is_there(key) and int(cache.get(key, 0)) >= self.most

    def count(self, request: HttpRequest) -> None:
        key = self._key(request)
        cache.add(key, 0, self.seconds)
        try:
            cache.incr(key)
        except ValueError:  # it ran out between the two lines
            cache.set(key, 1, self.seconds)

    def _key(self, request: HttpRequest) -> str:
        return f"wrong-{self.name}:{fingerprint(network_of(address_of(request)))}"


def _is_there(key: str) -> bool:
    """Nearly nobody guessed wrong: every link and code asks this first, so it takes the short way to the table."""
    sql = f"SELECT 1 FROM {settings.CACHES['default']['LOCATION']} WHERE cache_key = %s"  # noqa: S608 - our own table
    return len(run_kept(connections[DEFAULT_DB_ALIAS], sql, [cache.make_key(key)]).fetchall()) > 0


def address_of(request: HttpRequest) -> str:
    """Behind a proxy the last entry is the one our own proxy wrote; earlier ones anybody can invent."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        return str(forwarded.rsplit(",", 1)[-1].strip())
    return str(request.META.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """One household or phone has 2^64 addresses of IPv6: all of them count as one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))
