"""The pictures of the documents, made from the demo: `make screenshots` writes docs/images/*.png anew.

The demo is built in a temporary folder and served on a free port; Chromium looks at it on a phone and on a desk, light
and dark. What a picture shows is found by following links, as a person would.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = (390, 844)
DESK = (1280, 900)
TALL = (1280, 1320)  # a client page without its chart would show half of what it is
LINK = re.compile(r"(http://\S+)/demo/sign-in/([\w-]+)/(\S+)/")


@dataclass(frozen=True)
class Picture:
    """One picture: whose eyes (a role of the demo), how large, and the way from the home page to what is shown."""

    name: str
    role: str
    size: tuple[int, int]
    go: Callable[[Page], None]


def stay(page: Page) -> None:
    """The home page of the role is what is wanted."""


def open_check_in(page: Page) -> None:
    page.locator('main a[href*="/check-in/"]').first.click()
    # Two answers given: a form that nobody has touched shows less of what it is.
    for number, value in ((0, "8"), (1, "7")):
        question = page.locator("main fieldset").nth(number)
        question.locator(f'input[type="radio"][value="{value}"]').check(force=True)
    page.evaluate("window.scrollTo(0, 0)")


def open_client_with_rupture(page: Page) -> None:
    page.goto("/caseload/?q=Sam")
    page.locator('main a[href*="/clients/"]').filter(has_text="Sam").first.click()


def open_signal(page: Page) -> None:
    page.goto("/signals/")
    page.locator('main a[href*="/signals/"]').filter(has_text="rupture").first.click()


PICTURES = (
    Picture("check-in-phone", "client", PHONE, open_check_in),
    Picture("client-home-phone", "client", PHONE, stay),
    Picture("caseload-desk", "therapist", DESK, stay),
    Picture("client-page-desk", "therapist", TALL, open_client_with_rupture),
    Picture("signal-desk", "therapist", DESK, open_signal),
)


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """A demo of its own, stopped at the end. Yields the one-click sign-in address of each role."""
    with tempfile.TemporaryDirectory(prefix="openrapport-pictures-") as folder:
        process = subprocess.Popen(
            [str(ROOT / "openrapport"), "demo", "--port", "0", "--data", str(Path(folder, "demo"))],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield _read_links(process)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _read_links(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    links: dict[str, str] = {}
    for line in process.stdout:
        if found := LINK.search(line):
            links[found[2]] = found[0]
        elif links and "Ctrl-C" in line:
            return links
    raise SystemExit("The demo ended before it was ready; see above.")


def take(picture: Picture, browser: Browser, sign_in: str, *, dark: bool) -> Path:
    width, height = picture.size
    base = sign_in.partition("/demo/")[0]
    context = browser.new_context(
        base_url=base,
        viewport={"width": width, "height": height},
        device_scale_factor=2 if picture.size == PHONE else 1.25,
        color_scheme="dark" if dark else "light",
        locale="en",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(sign_in)
    picture.go(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    path = IMAGES / f"{picture.name}-{'dark' if dark else 'light'}.png"
    page.screenshot(path=path)
    context.close()
    return path


def main(names: list[str]) -> int:
    if not Path(CHROMIUM).exists():
        print("Chromium is missing. On Debian or Ubuntu: apt-get install chromium", file=sys.stderr)
        return 2
    wanted = [picture for picture in PICTURES if not names or picture.name in names]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with demo() as links, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for picture in wanted:
            for dark in (False, True):
                print(take(picture, browser, links[picture.role], dark=dark).relative_to(ROOT), flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
