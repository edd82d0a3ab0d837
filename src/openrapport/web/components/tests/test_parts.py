"""The small parts: escaped, named, and without style or script of their own."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory

from openrapport.web.components.icons import FOLDER, UnknownIconError, draw_icon
from openrapport.web.components.parts import Crumb, NavItem, Step
from openrapport.web.components.tags.panels import initials

NASTY = '"><script>x</script>'


def draw(source: str, **context: Any) -> str:
    return Template("{% load components %}" + source).render(Context(context))


@pytest.mark.parametrize(
    "source",
    [
        "{% button words %}",
        "{% button 'x' aria_label=words %}",
        "{% button words href=words %}",
        "{% card title=words subtitle=words %}x{% endcard %}",
        "{% card_head words %}x{% endcard_head %}",
        "{% stats %}{% stat words value=words note=words %}{% endstats %}",
        "{% alert 'info' title=words %}{{ words }}{% endalert %}",
        "{% badge words %}{% chip words href=words %}{% avatar words %}",
        "{% empty_state words text=words %}{% toast words %}{% back_link words words %}",
        "{% details words %}{{ words }}{% enddetails %}{% quote source=words %}{{ words }}{% endquote %}",
        "{% table caption=words %}{% endtable %}{% progress 1 2 label=words show=True %}",
        "{% definitions %}{% definition words %}{{ words }}{% enddefinition %}{% enddefinitions %}",
        "{% timeline %}{% event words when=words by=words %}{{ words }}{% endevent %}{% endtimeline %}",
        "{% page_header words subtitle=words avatar=words %}{{ words }}{% endpage_header %}",
        "{% confirm action=words title=words label=words cancel_url=words %}{{ words }}{% endconfirm %}",
        "{% confirm_inline words action=words question=words label=words %}",
        "{% icon 'bell' label=words %}",
    ],
)
def test_no_words_can_become_markup(source: str) -> None:
    html = draw(source, words=NASTY)
    assert "<script" not in html
    assert " style=" not in html


def test_a_block_keeps_the_markup_of_its_own_template() -> None:
    html = draw("{% page_header 'Sam' %}{% button 'Export' href='#e' %}{% endpage_header %}")
    assert '<a class="btn btn-primary" href="#e">Export</a>' in html


def test_a_button_is_a_submit_unless_it_says_otherwise() -> None:
    assert 'type="submit"' in draw("{% button 'Send' %}")
    assert 'type="button"' in draw("{% button 'Send' type='button' %}")
    assert "<a " in draw("{% button 'Go' href='/x' %}")


def test_button_attributes_are_written_with_dashes_and_false_is_left_out() -> None:
    html = draw("{% button 'x' hx_get='/y' aria_label='z' disabled=False hidden=True data_n=0 %}")
    assert ' hx-get="/y"' in html
    assert ' aria-label="z"' in html
    assert "disabled" not in html
    assert " hidden" in html
    assert ' data-n="0"' in html


def test_a_missing_number_is_said_in_words_and_zero_is_a_number() -> None:
    assert "not known yet" in draw("{% stat 'Agreement' %}")
    assert "no answer" in draw("{% stat 'Agreement' missing='no answer' %}")
    assert ">0<" in draw("{% stat 'Agreement' value=0 %}")


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Sam Rivera", "SR"), ("Noor", "N"), ("Ana María de la Cruz", "AC"), ("", ""), ("  ", ""), ("émile (he)", "É")],
)
def test_initials_come_from_the_first_and_the_last_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_the_current_entry_of_a_menu_says_so() -> None:
    items = [NavItem("/a", "A", current=True), NavItem("/b", "B", count=0)]
    html = draw("{% tabs items label='Parts' %}", items=items)
    assert html.count('aria-current="page"') == 1
    assert 'aria-label="Parts"' in html
    assert draw("{% breadcrumbs items %}", items=[Crumb("A", "/a"), Crumb("B")]).count("aria-current") == 1
    assert draw("{% steps items %}", items=[Step("A", "done"), Step("B", "current")]).count("aria-current") == 1


def test_pagination_keeps_the_rest_of_the_address(rf: RequestFactory) -> None:
    page = Paginator(range(30), 10).page(2)
    html = draw("{% pagination page %}", page=page, request=rf.get("/x", {"q": "a&b", "page": "2"}))
    assert 'href="?q=a%26b&amp;page=1"' in html
    assert 'href="?q=a%26b&amp;page=3"' in html
    one_page = Paginator(range(3), 10).page(1)
    assert draw("{% pagination page %}", page=one_page, request=rf.get("/x")).strip() == ""


def test_an_event_carries_its_time_for_machines() -> None:
    moment = datetime(2026, 5, 14, 15, 30, tzinfo=UTC)
    assert '<time datetime="2026-05-14T' in draw("{% event 'Seen' when=moment %}{% endevent %}", moment=moment)


def test_a_confirmation_is_a_form_that_cannot_be_forged() -> None:
    context = {"csrf_token": "abc123"}
    for source in (
        "{% confirm action='/end' title='End?' label='End' cancel_url='/' %}x{% endconfirm %}",
        "{% confirm_inline 'Remove' action='/end' question='Sure?' label='Yes' name='id' value=0 %}",
    ):
        html = draw(source, **context)
        assert 'name="csrfmiddlewaretoken" value="abc123"' in html
        assert 'method="post"' in html


def test_every_icon_is_shapes_and_nothing_else() -> None:
    files = list(FOLDER.glob("*.svg"))
    assert len(files) > 100
    for file in files:
        text = file.read_text(encoding="utf-8").lower()
        assert not any(word in text for word in ("script", "href", "style", "onload", "foreignobject")), file.name


def test_an_icon_is_silent_unless_it_has_a_name() -> None:
    assert 'aria-hidden="true"' in draw_icon("bell")
    assert 'role="img" aria-label="New"' in draw_icon("bell", label="New")


@pytest.mark.parametrize("name", ["no-such-icon", "../apps", "/etc/passwd", ""])
def test_an_unknown_icon_is_an_error_at_once(name: str) -> None:
    with pytest.raises(UnknownIconError):
        draw_icon(name)
