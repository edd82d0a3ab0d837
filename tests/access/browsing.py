"""Asking an address as somebody, undoing whatever it did, and holding the answer against the table."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode
from uuid import UUID

from django.core import mail
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.canaries import ANY, Canaries
from tests.access.extras import Extra
from tests.access.matrix import Tally
from tests.access.routes import LED_ON, Route
from tests.access.targets import Target
from tests.access.world import World
from tests.browsing import browser_of

SIGN_IN = "/account/sign-in/"
# What differs between two answers that say the same: the token of the form, and the address itself.
TOKENS = re.compile(rb'(name="csrfmiddlewaretoken" value="|"csrfmiddlewaretoken": "|csrf[^"]*content=")[^"]+')


@dataclass
class House:
    """The world with its doors: somebody signed in for every viewer."""

    world: World
    extras: dict[str, Extra]
    canaries: Canaries
    browsers: dict[str, Client]
    log: list[str] = field(default_factory=list)

    def ask(self, person: str, method: str, path: str, data: dict[str, object] | None = None) -> HttpResponse:
        """One request; the database, the session and the cookies are as before afterwards."""
        browser = self.browsers[person]
        cookies = copy.deepcopy(browser.cookies)
        try:
            with transaction.atomic():
                response = getattr(browser, method.lower())(path, data or {})
                transaction.set_rollback(True)
        finally:
            browser.cookies = SimpleCookie({name: morsel.value for name, morsel in cookies.items()})
        return response  # type: ignore[no-any-return]


def open_doors(world: World, extras: dict[str, Extra], viewers: tuple[str, ...]) -> House:
    browsers = {person: browser_of(world.people[person] if person else None) for person in viewers}
    return House(world, extras, Canaries(world, extras), browsers)


def patterns() -> dict[str, str | None]:
    """Every address of the real URL configuration, with its name."""
    return dict(_walk(get_resolver().url_patterns, ""))


def _walk(entries: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str | None]]:
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry.name


def path_of(pattern: str, route: Route, target: Target | None) -> str:
    kwargs = {**route.kwargs, **(target.kwargs if target is not None else {})}
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(kwargs[match.group(1)]), pattern)
    return f"/{path}" + (f"?{urlencode(route.query)}" if route.query else "")


def expected(route: Route, person: str, target: Target | None, method: str, world: World) -> frozenset[int]:
    """Which statuses are right, by the table."""
    nobody = person in ("", "dora")
    if method not in route.methods:
        # allauth treats PUT as it treats POST; what it answers is searched all the same.
        either = route.reads | route.sends if route.any_method else frozenset()
        return frozenset({405, 302}) | either if nobody else frozenset({405}) | either
    given = route.sends if method == "POST" else route.reads
    if route.public:
        return given
    if nobody:
        return route.signed_out if method == "POST" else LED_ON
    assert route.there_for is not None
    there = route.there_for(world, person, target)  # type: ignore[arg-type]
    return given if there else frozenset({404})


def judge(house: House, response: HttpResponse, person: str, path: str, tally: Tally) -> None:
    """Nothing in the body, the headers, the cookies or a mail that this reader may not know."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined, arg-type]
    text = f"{headers}\n{response.cookies.output()}\n{body.decode(errors='replace')}"
    asked = frozenset(UUID(found) for found in re.findall(r"[0-9a-f-]{36}", path))
    for leak in house.canaries.leaks_in(text, person, asked=asked):
        tally.leaks.append(f"{person or 'anonymous'} {path}: {leak}")
    for message in mail.outbox:
        if ANY.search(f"{message.subject}\n{message.body}"):
            tally.leaks.append(f"{person or 'anonymous'} {path}: a mail holds a name or words")
    mail.outbox.clear()


def bare(response: HttpResponse, path: str) -> bytes:
    """An answer without what differs from asking to asking."""
    return TOKENS.sub(rb"\1", response.content).replace(path.split("?")[0].encode(), b"PATH")
