"""Form fields: label, help and error always at the field, whatever the widget."""

from __future__ import annotations

from typing import Any, Final

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from openrapport.web.components.parts import Choice, Question, Text, join_classes, join_ids, read_question

register = template.Library()

Values = dict[str, Any]

# Five faces, from the saddest mouth to the widest smile. The mouth is the only thing that changes: no colour code.
FACE_MOUTHS: Final = (
    "M14 35c3-6 17-6 20 0",
    "M15 34c4-3 14-3 18 0",
    "M15 32.5h18",
    "M15 31c4 4 14 4 18 0",
    "M13.5 29c2 10 19 10 21 0z",
)
FACE_WORDS: Final = (_("Really bad"), _("A bit bad"), _("Okay"), _("Good"), _("Really good"))
YES_NO_WORDS: Final = (("yes", _("Yes")), ("no", _("No")), ("unsure", _("Not sure")))


def ids_of(field: Any, field_id: str, *, has_help: bool) -> dict[str, str]:
    """The ids by which a field points to its help and its error."""
    help_id = f"{field_id}_help" if has_help else ""
    error_id = f"{field_id}_error" if field.errors else ""
    return {"help_id": help_id, "error_id": error_id, "described_by": join_ids((help_id, error_id))}


def widget_kind(widget: forms.Widget) -> str:
    """Which of our looks a Django widget gets."""
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choices"
    if isinstance(widget, forms.MultiWidget):
        return "group"
    return "control"


def draw_control(field: BoundField, kind: str, described_by: str) -> SafeString:
    """The widget itself, with our class and its descriptions."""
    widget = field.field.widget
    css = "tick" if kind == "checkbox" else "control"
    attributes: Values = {"class": join_classes(widget.attrs.get("class", ""), css)}
    if described_by:
        attributes["aria-describedby"] = described_by
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)


def draw_option(option: BoundWidget, css: str) -> Values:
    """One radio button or checkbox of a group, with the words that explain it."""
    label = option.data["label"]
    option.data["attrs"]["class"] = css
    choice = label if isinstance(label, Choice) else Choice(label)
    return {"control": option.tag(), "id": option.id_for_label, "choice": choice, "value": option.data["value"]}


@register.inclusion_tag("components/field.html")
def field(
    field: BoundField,
    label: Text = "",
    help: Text = "",  # noqa: A002 - the word authors look for
    hide_optional: bool = False,
) -> Values:
    """A form field as a whole, by its widget."""
    kind = widget_kind(field.field.widget)
    help_text = help or field.help_text
    ids = ids_of(field, field.auto_id, has_help=bool(help_text))
    values: Values = {
        "field": field,
        "kind": kind,
        "id": field.auto_id,
        "label": label or field.label,
        "help": help_text,
        "optional": not field.field.required and kind in ("control", "choices") and not hide_optional,
        **ids,
    }
    if kind == "choices":
        values["options"] = [draw_option(one, "tick") for one in field.subwidgets]
    else:
        values["control"] = draw_control(field, kind, ids["described_by"])
    return values


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: forms.BaseForm) -> Values:
    """What has to be put right, at the top of the page, each line leading to its field."""
    visible = [one for one in form.visible_fields() if one.errors]
    hidden = [error for one in form.hidden_fields() for error in one.errors]
    lines = [
        {"id": one.id_for_label or one.auto_id, "label": one.label, "error": error}
        for one in visible
        for error in one.errors
    ]
    return {"general": [*form.non_field_errors(), *hidden], "lines": lines}


def card_values(field: BoundField, options: list[Values], label: Text, help_text: Text, columns: int) -> Values:
    return {
        "id": field.auto_id,
        "label": label or field.label,
        "help": help_text or field.help_text,
        "errors": field.errors,
        "options": options,
        "columns": columns,
        **ids_of(field, field.auto_id, has_help=bool(help_text or field.help_text)),
    }


@register.inclusion_tag("components/radio_cards.html")
def radio_cards(field: BoundField, label: Text = "", help: Text = "", columns: int = 1) -> Values:  # noqa: A002
    """Radio buttons (or checkboxes) as cards, each with its own explanation."""
    options = [draw_option(one, "tick choice-mark") for one in field.subwidgets]
    return card_values(field, options, label, help, columns)


def disclosure_choices(therapist: Text) -> dict[str, Choice]:
    """Who sees an answer, and when, in plain words."""
    name = therapist or gettext("your therapist")
    return {
        "now": Choice(_("Share now"), gettext("%(name)s can read it as soon as you send it.") % {"name": name}, "send"),
        "next_session": Choice(
            _("Share at our next session"),
            gettext("%(name)s can read it when that session begins.") % {"name": name},
            "calendar",
        ),
        "supervisor_only": Choice(
            _("Only the supervisor"),
            gettext("The person who guides %(name)s reads it. %(name)s does not.") % {"name": name},
            "users",
        ),
        "private": Choice(_("Only me"), gettext("Nobody else reads it. It stays in your own list."), "lock"),
    }


@register.inclusion_tag("components/radio_cards.html")
def who_sees(field: BoundField, therapist: Text = "", label: Text = "", help: Text = "") -> Values:  # noqa: A002
    """The choice of who reads an answer. A label that is a `Choice` of its own is kept."""
    known = disclosure_choices(therapist)
    options = [draw_option(one, "tick choice-mark") for one in field.subwidgets]
    for one in options:
        if not one["choice"].hint:
            one["choice"] = known.get(str(one["value"]), one["choice"])
    return card_values(field, options, label or _("Who sees this?"), help, 1)


def rating_values(question: Question, tiles: list[Values], skip: bool, number: int | None, total: int | None) -> Values:
    answered = None if question.value is None else str(question.value)
    for index, tile in enumerate(tiles):
        tile["id"] = f"{question.id}_{index}"
        tile["checked"] = answered == str(tile["value"])
    return {
        "question": question,
        "tiles": tiles,
        "skip": skip,
        "skipped": answered == "",
        "number": number,
        "total": total,
        **ids_of(question, question.id, has_help=bool(question.help_text)),
    }


@register.inclusion_tag("components/rating.html")
def rating(
    field: Any,
    low: Text = "",
    high: Text = "",
    minimum: int = 0,
    maximum: int = 10,
    skip: bool = True,
    number: int | None = None,
    total: int | None = None,
) -> Values:
    """A row of numbers. Nothing is chosen beforehand, and "skip" takes an answer back."""
    numbers = range(minimum, maximum + 1)
    tiles = [
        {"value": one, "text": one, "end": low if one == minimum else high if one == maximum else ""} for one in numbers
    ]
    return rating_values(read_question(field), tiles, skip, number, total) | {
        "kind": "numbers",
        "low": low,
        "high": high,
    }


@register.inclusion_tag("components/rating.html")
def faces(
    field: Any,
    labels: tuple[Text, ...] = FACE_WORDS,
    skip: bool = True,
    number: int | None = None,
    total: int | None = None,
    **_ignored: Any,
) -> Values:
    """Five faces, 1 to 5, for children."""
    tiles = [
        {"value": index, "text": word, "mouth": mouth, "open_mouth": index == len(FACE_MOUTHS)}
        for index, (word, mouth) in enumerate(zip(labels, FACE_MOUTHS, strict=True), start=1)
    ]
    return rating_values(read_question(field), tiles, skip, number, total) | {"kind": "faces"}


@register.inclusion_tag("components/rating.html")
def yes_no(field: Any, skip: bool = True, number: int | None = None, total: int | None = None) -> Values:
    """Yes, no, or not sure."""
    tiles: list[Values] = [{"value": value, "text": word} for value, word in YES_NO_WORDS]
    return rating_values(read_question(field), tiles, skip, number, total) | {"kind": "words"}
