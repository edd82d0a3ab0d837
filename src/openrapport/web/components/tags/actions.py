"""Things to press: buttons, chips, links back, confirmations."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from openrapport.web.components.icons import draw_icon
from openrapport.web.components.parts import Crumb, Text, join_classes

register = template.Library()

BUTTON_KINDS: Final = {
    "primary": "btn btn-primary",
    "secondary": "btn btn-line",
    "ghost": "btn btn-ghost",
    "quiet": "btn btn-quiet",
    "danger": "btn btn-error",
}
BUTTON_SIZES: Final = {"sm": "btn-small", "md": "", "lg": "btn-large"}


def draw_attributes(attributes: dict[str, Any]) -> SafeString:
    """HTML attributes from keyword arguments: `_` becomes `-`; False and None are left out; True has no value."""
    wanted = [(name.strip("_").replace("_", "-"), value) for name, value in attributes.items()]
    written = [
        format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value)
        for name, value in wanted
        if value is not None and value is not False
    ]
    return format_html_join("", "{}", ((one,) for one in written))


@register.simple_tag
def icon(name: str, size: int = 5, label: str = "", **rest: str) -> SafeString:
    """One of our icons, inline."""
    return draw_icon(name, size=size, label=label, css_class=rest.get("class", ""))


@register.simple_tag
def button(
    text: Text,
    kind: str = "primary",
    href: str = "",
    type: str = "submit",  # noqa: A002 - the attribute's own name
    icon: str = "",
    icon_end: str = "",
    size: str = "md",
    wide: bool = False,
    **attributes: Any,
) -> SafeString:
    """A button, or a link that looks like one when it has an address."""
    css = join_classes(BUTTON_KINDS[kind], BUTTON_SIZES[size], "w-full" if wide else "", attributes.pop("class", ""))
    icon_size = 4 if size == "sm" else 5
    before = draw_icon(icon, size=icon_size) if icon else ""
    after = draw_icon(icon_end, size=icon_size, css_class="rtl:-scale-x-100") if icon_end else ""
    more = draw_attributes(attributes)
    if href:
        return format_html('<a class="{}" href="{}"{}>{}{}{}</a>', css, href, more, before, text, after)
    return format_html('<button class="{}" type="{}"{}>{}{}{}</button>', css, type, more, before, text, after)


@register.inclusion_tag("components/chip.html")
def chip(text: Text, href: str, selected: bool = False, count: int | None = None, icon: str = "") -> dict[str, Any]:
    """A filter that is a link."""
    return {"text": text, "href": href, "selected": selected, "count": count, "icon": icon}


@register.inclusion_tag("components/back_link.html")
def back_link(url: str, label: Text) -> dict[str, Any]:
    """The way back, above a heading or in the client's top bar."""
    return {"url": url, "label": label}


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(items: list[Crumb]) -> dict[str, Any]:
    """Where this page lies; the last item is the page itself."""
    return {"items": items}


@register.simple_block_tag(takes_context=True)
def confirm(
    context: template.Context,
    content: str,
    action: str,
    title: Text,
    label: Text,
    cancel_url: str,
    kind: str = "primary",
) -> str:
    """A page's one question, with its form."""
    values = {
        "content": content,
        "action": action,
        "title": title,
        "label": label,
        "cancel_url": cancel_url,
        "kind": kind,
        "csrf_token": context.get("csrf_token"),
    }
    return render_to_string("components/confirm.html", values)


@register.inclusion_tag("components/confirm_inline.html", takes_context=True)
def confirm_inline(
    context: template.Context,
    text: Text,
    action: str,
    question: Text,
    label: Text,
    kind: str = "danger",
    icon: str = "",
    name: str = "",
    value: str = "",
) -> dict[str, Any]:
    """A deed that asks once more, in place: no dialog, no script."""
    return {
        "text": text,
        "action": action,
        "question": question,
        "label": label,
        "kind": kind,
        "icon": icon,
        "name": name,
        "value": value,
        "csrf_token": context.get("csrf_token"),
    }
