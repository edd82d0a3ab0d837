"""The report that `openrapport report` writes, opened from a disk: accessible, on its own, light and dark."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from openrapport.commands import main

ROOT = Path(__file__).parents[2]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
# Where a picture or a table is wider than a phone it scrolls by itself; the page never does.
SCROLLERS = ".scroll"


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report") / "report.html"
    scores = str(ROOT / "docs" / "analysis" / "invented_scores.csv")
    columns = ["--client", "client", "--session", "session", "--score", "alliance", "--minimum", "0", "--maximum", "10"]
    asked = ["--people", "500", "--sd", "1.5", "--reliability", "0.8"]
    assert main(["report", scores, *columns, *asked, "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_accessible_and_asks_nobody_for_anything(size, scheme, report, browser: Browser):
    # The page's own policy forbids every script, the accessibility check's too.
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(report.as_uri())
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert asked == [report.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size]["width"]
    assert page.locator(SCROLLERS).count() >= 8
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 37, 36)"}[scheme]
    context.close()
