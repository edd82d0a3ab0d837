"""Things that hold something: cards, numbers, alerts, badges, faces of people, folds."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from openrapport.web.components.parts import Text, join_classes

register = template.Library()

ALERT_ICONS: Final = {
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "circle-alert",
    "note": "lightbulb",
}
AVATAR_SIZES: Final = {"sm": "size-9 text-sm", "md": "size-12 text-lg", "lg": "size-14 text-xl"}


@register.simple_block_tag
def card(content: str, title: Text = "", **options: Any) -> str:
    """A white box with an optional heading."""
    return render_to_string("components/card.html", {"level": 2, **options, "title": title, "content": content})


@register.simple_block_tag
def card_head(content: str, title: Text, level: int = 2, subtitle: Text = "") -> str:
    """A card's heading with something at its end."""
    values = {"content": content, "title": title, "level": level, "subtitle": subtitle}
    return render_to_string("components/card_head.html", values)


@register.simple_block_tag
def stats(content: str, bare: bool = False) -> SafeString:
    """A card of numbers side by side."""
    css = join_classes("stat-row", "" if bare else "panel")
    return format_html('<dl class="{}">{}</dl>', css, content)


@register.inclusion_tag("components/stat.html")
def stat(label: Text, value: Any = None, note: Text = "", tone: str = "", missing: Text = "") -> dict[str, Any]:
    """One number with its name. A value of None is said in words, never shown as zero."""
    return {"label": label, "value": value, "note": note, "tone": tone, "missing": missing}


@register.simple_block_tag
def alert(
    content: str,
    kind: str = "info",
    title: Text = "",
    icon: str = "",
    action_url: str = "",
    action_label: Text = "",
    live: bool = False,
) -> str:
    """A banner. `live` has it read out when it appears after the page has loaded."""
    values = {
        "content": content,
        "tone": "neutral" if kind == "note" else kind,
        "icon": icon or ALERT_ICONS[kind],
        "title": title,
        "action_url": action_url,
        "action_label": action_label,
        "live": live,
    }
    return render_to_string("components/alert.html", values)


@register.inclusion_tag("components/badge.html")
def badge(text: Text, tone: str = "neutral", icon: str = "") -> dict[str, Any]:
    """A word about the state of something."""
    return {"text": text, "tone": tone, "icon": icon}


def initials(name: str) -> str:
    """First letters of the first and the last word of a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    picked = words[:1] + (words[-1:] if len(words) > 1 else [])
    return "".join(word[0] for word in picked).upper()


@register.simple_tag
def avatar(name: Text, size: str = "md", **rest: str) -> SafeString:
    """Initials in a circle; the name itself stands beside it in words."""
    css = join_classes("face-mark", AVATAR_SIZES[size], rest.get("class", ""))
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, initials(str(name)))


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: Text, text: Text = "", icon: str = "leaf", action_url: str = "", action_label: Text = ""
) -> dict[str, Any]:
    """What stands where nothing is yet."""
    return {"title": title, "text": text, "icon": icon, "action_url": action_url, "action_label": action_label}


@register.simple_block_tag
def details(content: str, summary: Text, open: bool = False, icon: str = "") -> str:  # noqa: A002 - HTML's own word
    """A fold: opens in place, without script."""
    values = {"content": content, "summary": summary, "open": open, "icon": icon}
    return render_to_string("components/details.html", values)


@register.simple_block_tag
def quote(content: str, source: Text = "") -> str:
    """What a person said, in their words."""
    return render_to_string("components/quote.html", {"content": content, "source": source})


@register.inclusion_tag("components/toast.html")
def toast(text: Text, kind: str = "success") -> dict[str, Any]:
    """A short confirmation that is read out."""
    return {"text": text, "tone": kind, "icon": ALERT_ICONS[kind]}


@register.inclusion_tag("components/saved_state.html")
def saved_state(state: str = "idle") -> dict[str, Any]:
    """Where the answers are now; script changes `data-state` on the element marked `data-saved-state`."""
    return {"state": state}
