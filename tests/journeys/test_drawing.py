"""A child draws in a check-in: by finger, offline, interrupted, on a handed-over device, by keyboard, scriptless."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from openrapport.checkins.actions import issue_kiosk_code
from openrapport.checkins.models import CheckIn, Drawing, RespondentRole
from openrapport.checkins.png import MOST_BYTES
from tests.cast import Cast
from tests.check_ins import hold_session, of

from .conftest import NewPage, See, SignIn, Watch
from .test_check_in import OFFLINE_NOISE, address, choose, kept_on, send, thanked, wait_until
from .test_check_in_doors import NOTHING

FIELD = 'input[name="alliance-child__drawing"]'
# How many different colours the paper shows: one when nothing is drawn.
COLOURS = """async (text) => {
    const image = new Image();
    image.src = text;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4) found.add(data.slice(at, at + 3).join());
    return [...found];
}"""
ON_PAPER = "canvas => canvas.toDataURL()"


@pytest.fixture
def asked(real_database: None, cast: Cast) -> CheckIn:
    return of(hold_session(cast.kit_with_maya, at=timezone.now() - timedelta(hours=1)), RespondentRole.CLIENT)


def sheet(page: Page) -> Locator:
    return page.locator("canvas")


def draw_line(page: Page, *points: tuple[float, float]) -> None:
    """Points in parts of the paper's width and height."""
    sheet(page).scroll_into_view_if_needed()
    box = sheet(page).bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def draw_with_finger(page: Page, *points: tuple[float, float]) -> None:
    """Touches as the screen reports them, not a mouse: if the page scrolled instead, nothing would be drawn."""
    sheet(page).scroll_into_view_if_needed()
    box = sheet(page).bounding_box()
    assert box is not None
    places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
    device = page.context.new_cdp_session(page)
    for kind, touch in (("touchStart", places[0]), *(("touchMove", place) for place in places[1:])):
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch]})
    device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def colours(page: Page) -> set[str]:
    return set(page.evaluate(COLOURS, sheet(page).evaluate(ON_PAPER)))


def kept_drawing(check_in: CheckIn) -> Drawing:
    kept = Drawing.objects.get(check_in=check_in)
    assert kept.image is not None
    assert len(kept.image) <= MOST_BYTES
    return kept


@pytest.mark.parametrize("dark", [False, True])
def test_a_child_draws_and_the_therapist_sees_it(
    asked: CheckIn, cast: Cast, new_page: NewPage, sign_in: SignIn, see: See, dark: bool
) -> None:
    page = new_page(dark=dark)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    expect(sheet(page)).to_be_visible()
    see(page)
    page.get_by_role("button", name="Blue").click()
    draw_with_finger(page, (0.2, 0.2), (0.5, 0.8), (0.8, 0.2))
    assert "43,119,201" in colours(page)
    expect(page.locator("[data-progress-words]")).to_have_text("1 of 10")
    see(page)
    choose(page, "now")
    send(page)
    thanked(page)
    kept = kept_drawing(asked)
    page.get_by_role("link", name="See what I sent").click()
    mine = page.get_by_alt_text("The drawing you made")
    expect(mine).to_be_visible()
    assert mine.evaluate("image => image.decode().then(() => image.naturalWidth)") == kept.width
    see(page)
    desk = new_page(desktop=True, dark=dark)
    sign_in(desk, cast.maya)
    desk.goto(f"/clients/{cast.kit_with_maya.pk}/")
    theirs = desk.get_by_alt_text("A drawing by Kit")
    theirs.scroll_into_view_if_needed()
    assert theirs.evaluate("image => image.decode().then(() => image.naturalWidth)") == kept.width
    see(desk)


def test_undo_clear_and_eraser(asked: CheckIn, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    undo, clear = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Clear"))
    expect(undo).to_be_disabled()
    draw_line(page, (0.1, 0.1), (0.9, 0.1))
    page.get_by_role("button", name="Red").click()
    page.get_by_role("button", name="Thick", exact=True).click()
    draw_line(page, (0.1, 0.5), (0.9, 0.5))
    assert {"34,48,47", "212,60,49"} <= colours(page)
    undo.click()
    assert "212,60,49" not in colours(page)
    clear.click()
    assert colours(page) == {"255,255,255"}
    expect(page.locator(FIELD)).to_have_value("")
    undo.click()
    assert "34,48,47" in colours(page)
    expect(page.locator(FIELD)).not_to_have_value("")
    page.get_by_role("button", name="Eraser").click()
    page.get_by_role("button", name="Thick", exact=True).click()
    draw_line(page, (0.0, 0.1), (1.0, 0.1))
    assert colours(page) == {"255,255,255"}


def test_a_drawing_made_offline_arrives_once(asked: CheckIn, page: Page, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(OFFLINE_NOISE)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    wait_until(page, "await caches.match(location.pathname)")
    page.context.set_offline(True)
    draw_line(page, (0.2, 0.2), (0.8, 0.8))
    choose(page, "now")
    send(page)
    expect(page.get_by_role("heading", name="Waiting for the connection")).to_be_visible()
    page.context.set_offline(False)
    thanked(page)
    assert kept_drawing(asked).width == 800


def test_a_drawing_comes_back_with_the_draft_and_can_be_gone_on_with(
    asked: CheckIn, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    page.get_by_role("button", name="Green").click()
    draw_line(page, (0.1, 0.3), (0.9, 0.3))
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(address(asked))
    expect(again.get_by_text("What you began is back.")).to_be_visible()
    again.wait_for_function("() => !document.querySelector('[data-clear]').disabled")
    assert "47,158,82" in colours(again)
    again.get_by_role("button", name="Purple").click()
    draw_line(again, (0.1, 0.7), (0.9, 0.7))
    assert {"47,158,82", "138,79,176"} <= colours(again)
    assert {"47,158,82", "138,79,176"} <= set(again.evaluate(COLOURS, again.locator(FIELD).input_value()))


def test_scribbling_all_over_stays_small_enough_to_send(asked: CheckIn, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    page.evaluate(
        """() => {
            const pen = document.querySelector("canvas").getContext("2d");
            const noise = pen.createImageData(800, 600);
            let one = 1;
            for (let at = 0; at < noise.data.length; at += 1) {
                one = (one * 48271) % 2147483647;
                noise.data[at] = at % 4 === 3 ? 255 : one % 256;
            }
            pen.stroke = () => pen.putImageData(noise, 0, 0);
        }"""
    )
    draw_line(page, (0.2, 0.2), (0.8, 0.8))
    choose(page, "private")
    send(page)
    thanked(page)
    assert kept_drawing(asked).width in (200, 400, 600)


def test_a_picture_can_be_chosen_by_keyboard(asked: CheckIn, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    page.get_by_role("radio", name="Sun").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Clouds")).to_be_checked()
    expect(page.locator("[data-progress-words]")).to_have_text("1 of 10")
    choose(page, "now")
    send(page)
    thanked(page)
    assert Drawing.objects.get(check_in=asked).picture == "clouds"


def test_whoever_draws_after_skipping_does_not_skip(asked: CheckIn, page: Page, sign_in: SignIn) -> None:
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    skip = page.locator("[data-skip-drawing]")
    skip.check()
    draw_line(page, (0.2, 0.2), (0.8, 0.8))
    expect(skip).not_to_be_checked()
    skip.check()
    choose(page, "now")
    send(page)
    thanked(page)
    assert not Drawing.objects.filter(check_in=asked).exists()


def test_a_drawing_on_a_handed_over_device_leaves_nothing_there(asked: CheckIn, page: Page, see: See) -> None:
    code = issue_kiosk_code(asked, valid_for=timedelta(minutes=10), now=timezone.now()).secret
    page.goto("/kiosk/")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Open").click()
    draw_line(page, (0.2, 0.2), (0.8, 0.8))
    assert kept_on(page) == NOTHING
    see(page)
    page.goto("/help-now")
    page.go_back()
    expect(page.locator(FIELD)).to_have_value("")
    assert colours(page) == {"255,255,255"}
    draw_line(page, (0.2, 0.2), (0.8, 0.8))
    choose(page, "now")
    send(page)
    thanked(page)
    assert kept_drawing(asked).check_in.via == "kiosk"
    assert kept_on(page) == NOTHING


def test_without_script_there_are_pictures(asked: CheckIn, new_page: NewPage, sign_in: SignIn) -> None:
    page = new_page(javascript=False)
    sign_in(page, asked.respondent)
    page.goto(address(asked))
    expect(sheet(page)).to_be_hidden()
    page.get_by_role("radio", name="Rainbow").check()
    choose(page, "now")
    send(page)
    thanked(page)
    assert Drawing.objects.get(check_in=asked).picture == "rainbow"
