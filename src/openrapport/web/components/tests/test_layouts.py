"""The frame of every page: theme, direction, discreet title, help and the way out."""

from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation


def page(layout: str, extra: str = "", **context: Any) -> str:
    source = f'{{% extends "layouts/{layout}.html" %}}{{% load components %}}{extra}'
    return Template(source).render(Context(context))


@pytest.mark.parametrize("layout", ["client", "plain"])
def test_clients_always_have_help_and_the_way_out(layout: str, settings: Any) -> None:
    settings.QUICK_EXIT_URL = "https://weather.example/"
    html = page(layout)
    assert 'href="/help-now"' in html
    assert 'href="https://weather.example/" rel="noreferrer" data-quick-exit' in html


@pytest.mark.parametrize("layout", ["client", "plain", "staff"])
def test_every_layout_is_discreet_and_carries_no_inline_code(layout: str) -> None:
    html = page(layout)
    assert "<title>OpenRapport</title>" in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert html.count("<script") == html.count('<script type="module" src="/static/openrapport/')
    assert "https://" not in html.replace("https://www.wikipedia.org/", "")


@pytest.mark.parametrize("layout", ["client", "plain", "staff"])
def test_every_layout_has_one_main_and_a_way_past_the_menu(layout: str) -> None:
    html = page(layout, "{% block heading %}Hello{% endblock %}")
    assert html.count('id="main"') == 1
    assert 'href="#main"' in html
    assert html.count("<h1") == 1


@pytest.mark.parametrize(
    ("cookie", "mark"),
    [("dark", 'data-theme="rapport-dark"'), ("light", 'data-theme="rapport"'), ("", ""), ('x" onload="y', "")],
)
def test_the_chosen_theme_is_drawn_by_the_server(cookie: str, mark: str, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.COOKIES["theme"] = cookie
    html = page("plain", request=request)
    assert mark in html
    assert ("data-theme=" in html.split("<head>")[0]) == bool(mark)
    assert "onload" not in html


def test_a_right_to_left_language_turns_the_page() -> None:
    with translation.override("ar"):
        assert 'lang="ar" dir="rtl"' in page("plain")
    with translation.override("es"):
        assert 'lang="es" dir="ltr"' in page("plain")


def test_choosing_a_theme_without_script_keeps_it_and_goes_back() -> None:
    response = Client().post("/theme", {"theme": "dark", "next": "/help-now?country=ES"})
    assert response.headers["Location"] == "/help-now?country=ES"
    assert response.cookies["theme"].value == "dark"
    response = Client().post("/theme", {"theme": "", "next": "/help-now"})
    assert response.cookies["theme"].value == ""


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_choosing_a_theme_never_leads_to_another_site(address: str) -> None:
    assert Client().post("/theme", {"theme": "dark", "next": address}).headers["Location"] == "/"


def test_a_theme_nobody_knows_is_not_kept() -> None:
    assert Client().post("/theme", {"theme": "<b>", "next": "/"}).cookies["theme"].value == ""


def test_the_theme_is_only_changed_by_post() -> None:
    assert Client().get("/theme").status_code == 405
