"""What frames a page: header, action bar, theme, language, the way to help and the way out."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from openrapport.web.components.parts import Text, trim

register = template.Library()

THEMES: Final = {"light": "rapport", "dark": "rapport-dark"}
THEME_COOKIE: Final = "theme"
QUICK_EXIT_DEFAULT: Final = "https://www.wikipedia.org/"


def chosen_theme(context: template.Context) -> str:
    """`light`, `dark`, or empty when the device decides. A page without a request follows the device."""
    request = context.get("request")
    cookie = request.COOKIES.get(THEME_COOKIE, "") if request is not None else ""
    return cookie if cookie in THEMES else ""


def find_address(*names: str, otherwise: str = "") -> str:
    """The address of the first route that exists."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return otherwise


@register.simple_tag(takes_context=True)
def html_attributes(context: template.Context) -> SafeString:
    """`dir` and the chosen theme of the <html> element. A `direction` in the context overrules."""
    direction = context.get("direction") or ("rtl" if translation.get_language_bidi() else "ltr")
    theme = chosen_theme(context)
    mark = format_html(' data-theme="{}"', THEMES[theme]) if theme else ""
    return format_html('dir="{}"{}', direction, mark)


@register.simple_block_tag
def page_header(content: str, title: Text, **options: Any) -> str:
    """A page's h1, who it is about, the way back, and what can be done."""
    return render_to_string("components/page_header.html", {**options, "title": title, "content": trim(content)})


@register.simple_block_tag
def action_bar(content: str) -> SafeString:
    """The page's main deed: at the bottom edge on a phone, at its place on a desk."""
    return format_html('<div class="action-bar">{}</div>', content)


@register.inclusion_tag("components/theme_switch.html", takes_context=True)
def theme_switch(context: template.Context) -> dict[str, Any]:
    """Light, dark or as the device says. A small form: works without script."""
    request = context.get("request")
    return {
        "theme": chosen_theme(context),
        "action": find_address("components:set_theme", "set_theme"),
        "next": request.get_full_path() if request is not None else "/",
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/language_switch.html", takes_context=True)
def language_switch(context: template.Context) -> dict[str, Any]:
    """The languages of this practice, each named in itself."""
    request = context.get("request")
    now = translation.get_language()
    languages = [
        {"code": code, "name": translation.get_language_info(code)["name_local"], "current": code == now}
        for code, _name in settings.LANGUAGES
    ]
    return {
        "languages": languages if len(languages) > 1 else [],
        "action": find_address("set_language", otherwise="/i18n/setlang/"),
        "next": request.get_full_path() if request is not None else "/",
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/help_now.html")
def help_now() -> dict[str, Any]:
    """The link to crisis help, on every page a client or a guardian reads."""
    return {"url": find_address("help_now", "help_now:help_now", otherwise="/help-now")}


@register.inclusion_tag("components/quick_exit.html")
def quick_exit() -> dict[str, Any]:
    """A plain link away from here; script also replaces this page in the history."""
    return {"url": getattr(settings, "QUICK_EXIT_URL", QUICK_EXIT_DEFAULT)}


@register.simple_tag
def home_address() -> str:
    """Where the name in the top bar leads."""
    return find_address("home", otherwise="/")


MESSAGE_KINDS: Final = {"error": "warning", "danger": "danger", "warning": "warning", "success": "success"}


@register.inclusion_tag("components/messages.html", takes_context=True)
def page_messages(context: template.Context) -> dict[str, Any]:
    """Django's messages as toasts. An error is amber: nobody gets red ink for a slip."""
    found = context.get("messages") or ()
    return {"items": [{"text": one, "kind": MESSAGE_KINDS.get(one.level_tag, "info")} for one in found]}
