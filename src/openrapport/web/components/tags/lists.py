"""Rows of things: tables, steps, timelines, facts, pages, progress."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from openrapport.web.components.parts import NavItem, Step, Text, trim

register = template.Library()


@register.simple_block_tag
def table(content: str, caption: Text, stack: bool = False, show_caption: bool = False) -> str:
    """A table that scrolls inside its own box, or (`stack`) becomes cards on a phone."""
    values = {"content": content, "caption": caption, "stack": stack, "show_caption": show_caption}
    return render_to_string("components/table.html", values)


@register.inclusion_tag("components/steps.html")
def steps(items: list[Step], label: Text = "") -> dict[str, Any]:
    """A guided way: what is done, where one is, what comes."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: list[NavItem], label: Text) -> dict[str, Any]:
    """A row of links that look like tabs; the current one says so."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/progress.html")
def progress(value: int, total: int, label: Text, show: bool = False) -> dict[str, Any]:
    """How much is done."""
    return {"value": value, "total": total, "label": label, "show": show}


@register.simple_block_tag
def definitions(content: str) -> SafeString:
    """A list of facts, each a `definition`."""
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_block_tag
def definition(content: str, term: Text) -> SafeString:
    """One fact: its name and what it is."""
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", term, content)


@register.simple_block_tag
def timeline(content: str) -> SafeString:
    """What happened, in order; each an `event`."""
    return format_html('<ol class="time-list">{}</ol>', content)


@register.simple_block_tag
def event(
    content: str,
    title: Text,
    when: date | Text | None = None,
    by: Text = "",
    icon: str = "circle",
    tone: str = "primary",
) -> str:
    """One thing that happened."""
    values = {
        "content": trim(content),
        "title": title,
        "when": when,
        "when_is_date": isinstance(when, date),
        "by": by,
        "icon": icon,
        "tone": tone,
    }
    return render_to_string("components/event.html", values)


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Earlier and later pages of a long list; the rest of the query string is kept."""

    def address(number: int) -> str:
        query = context["request"].GET.copy()
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    return {
        "page": page,
        "before": address(page.previous_page_number()) if page.has_previous() else "",
        "after": address(page.next_page_number()) if page.has_next() else "",
    }
