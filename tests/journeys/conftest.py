"""A real browser before a real server: pages that complain when a page misbehaves, and an accessibility check.

A journey uses `real_database` (what it writes is committed), `page` or `desktop_page`, `sign_in(page, user)` and
`see(page)`. Errors in the console, broken content policies and requests to other hosts fail the test by themselves.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from openrapport.people.models import User
from openrapport.practices.queries import is_staff_member

CHROMIUM = "/usr/bin/chromium"
HOW_TO_INSTALL = (
    "Browser journeys need Chromium at /usr/bin/chromium and it is not there. "
    "On Debian or Ubuntu: apt-get install chromium"
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
STANDARD = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a browser is a browser test; nobody has to remember the mark."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@dataclass
class Watch:
    """What pages said that they should not have said. `expect` names what a journey provokes on purpose."""

    host: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        self.expected.append(pattern)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"script error: {error.error}"))
        context.on("request", self._see_request)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _see_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(re.search(one, text) for one in self.expected)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.exit(HOW_TO_INSTALL, returncode=4)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def watch(live_server: object) -> Watch:
    return Watch(host=urlsplit(str(live_server)).netloc)


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser, real_database: None, live_server: object, watch: Watch) -> Iterator[NewPage]:
    """Makes pages, each on a device of its own: `new_page(javascript=False, dark=True, desktop=True)`."""
    contexts: list[BrowserContext] = []

    def make(*, desktop: bool = False, javascript: bool = True, dark: bool = False, language: str = "en") -> Page:
        context = browser.new_context(
            base_url=str(live_server),
            viewport=DESKTOP if desktop else PHONE,  # type: ignore[arg-type]
            has_touch=not desktop,
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            locale=language,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        watch.follow(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert watch.unexpected() == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A phone."""
    return new_page()


@pytest.fixture
def desktop_page(new_page: NewPage) -> Page:
    return new_page(desktop=True)


SignIn = Callable[[Page, User], None]


@pytest.fixture
def sign_in(live_server: object) -> SignIn:
    """Signs a person in on the page's device, second factor included, without walking through the sign-in pages."""

    def put_cookie(page: Page, user: User) -> None:
        page.context.add_cookies([{"name": "sessionid", "value": make_session(user), "url": str(live_server)}])

    return put_cookie


def make_session(user: User) -> str:
    """A session as a passkey leaves it; a member of a practice has to own one."""
    from django.contrib.sessions.backends.db import SessionStore

    if is_staff_member(user):
        Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {}})
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["account_authentication_methods"] = [
        {"method": "mfa", "type": "webauthn", "passwordless": True, "at": timezone.now().timestamp()}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.create()
    assert session.session_key is not None
    return session.session_key


See = Callable[[Page], None]


@pytest.fixture
def see(watch: Watch) -> See:
    """Looks at the page as it stands: no accessibility violation, nothing in the console."""

    def look(page: Page) -> None:
        options = {"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"]}
        found = Axe().run(page, options=options).response["violations"]
        lines = [
            f"{one['id']} ({one['impact']}): {one['help']}: {' | '.join(node['html'][:200] for node in one['nodes'])}"
            for one in found
        ]
        assert lines == [], f"accessibility violations at {page.url}"
        assert watch.unexpected() == []

    return look
