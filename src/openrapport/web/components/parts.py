"""Small frozen values that pages hand to the components: a link in a menu, a step, a question, a choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe

Text = str | Promise
"""A plain or lazily translated string."""


@dataclass(frozen=True)
class NavItem:
    """One entry of a menu, a tab row or a tab bar. `count` shows a small number beside it."""

    url: str
    label: Text
    icon: str = ""
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Crumb:
    """One place on the way to this page; the last one has no address."""

    label: Text
    url: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a guided way."""

    label: Text
    state: Literal["done", "current", "todo"] = "todo"
    hint: Text = ""
    url: str = ""


@dataclass(frozen=True)
class Choice:
    """A radio choice that explains itself. Stands where Django expects a choice's label."""

    label: Text
    hint: Text = ""
    icon: str = ""

    def __str__(self) -> str:
        return str(self.label)


@dataclass(frozen=True)
class Question:
    """What a rating needs to know about a question. `value` None: not answered yet; "": skipped on purpose."""

    name: str
    label: Text
    value: int | float | str | None = None
    help_text: Text = ""
    errors: tuple[Text, ...] = ()
    auto_id: str = ""

    @property
    def id(self) -> str:
        return self.auto_id or f"id_{self.name}"


def read_question(field: Any) -> Question:
    """Give a Django bound field the shape of a Question; a Question passes through."""
    if isinstance(field, Question):
        return field
    value = field.value()
    return Question(
        name=field.html_name,
        label=field.label,
        value=None if value is None else str(value),
        help_text=field.help_text,
        errors=tuple(field.errors),
        auto_id=field.auto_id,
    )


def join_classes(*names: str) -> str:
    """Join class names, leaving out the empty ones."""
    return " ".join(name for name in names if name)


def join_ids(ids: Iterable[str]) -> str:
    """The value of `aria-describedby`: ids of what exists, in reading order."""
    return " ".join(one for one in ids if one)


def trim(content: str) -> SafeString:
    """A block's rendered content without the white space around it; it was escaped when it was rendered."""
    return mark_safe(content.strip())  # noqa: S308
