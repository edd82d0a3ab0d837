"""The form of one check-in, built from the instruments it pinned. Nothing is required but who may see it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid4

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from openrapport.analysis.instrument import Instrument, Item
from openrapport.checkins.actions import GivenAnswers, GivenDrawing
from openrapport.checkins.models import Disclosure, Picture
from openrapport.checkins.png import MOST_BYTES, NotADrawing, Png, read_png
from openrapport.web.components.parts import Choice

LONGEST_WORDS = 2000
WHO_SEES = "who_sees"
KEY = "key"

# Characters nobody sees: control characters, and marks that turn the direction of the text after them round.
# Direction marks without that effect (U+200E, U+200F, U+061C) are ordinary in right-to-left writing and stay.
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
TOO_LONG = _("This is %(show_value)d characters long, and there is room for %(limit_value)d. Please make it shorter.")


@dataclass(frozen=True)
class Question:
    """One item of one pinned instrument, and the name of its field."""

    instrument: Instrument
    item: Item

    @property
    def name(self) -> str:
        return f"{self.instrument.id}__{self.item.code}"

    @property
    def picture_name(self) -> str:
        """For a drawing: the second field, for whoever chooses a picture instead."""
        return f"{self.name}_picture"


def questions_of(instruments: Sequence[Instrument]) -> Iterator[Question]:
    """Everything that can be answered on this page, in order."""
    for instrument in instruments:
        for item in instrument.items:
            yield Question(instrument, item)


class CheckInForm(forms.Form):
    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        instruments: Sequence[Instrument],
        language: str,
        who_sees: Sequence[tuple[str, Choice]],
    ) -> None:
        super().__init__(data, label_suffix="")
        self.questions = tuple(questions_of(instruments))
        for instrument in instruments:
            self.fields.update(_fields_of(instrument, language))
        self.fields[WHO_SEES] = _who_sees(tuple(who_sees))
        self.fields[KEY] = _KEY_FIELD

    def _clean_fields(self) -> None:
        """As Django does, without preparing how each field is drawn: most of what is sent is right."""
        for name, field in self.fields.items():
            try:
                self.cleaned_data[name] = field.clean(field.widget.value_from_datadict(self.data, self.files, name))
            except forms.ValidationError as problem:
                self.add_error(name, problem)

    def clean(self) -> dict[str, object]:
        """What cannot be kept is named at its field; what was typed comes back, readable."""
        cleaned = super().clean() or {}
        shown = dict(self.data.items())
        for question in self.questions:
            if question.item.kind == "drawing" and question.name in self.errors:
                shown[question.name] = ""  # it would come back with every sending
            if question.item.kind == "words" and HIDDEN.search(typed := shown.get(question.name, "")):
                shown[question.name] = HIDDEN.sub("", typed)
                self.add_error(
                    question.name,
                    _("There were hidden characters in this text. We took them out: please read it again, then send."),
                )
        if KEY in self.errors:
            shown[KEY] = str(uuid4())
        self.data = shown
        return cleaned

    @property
    def given(self) -> GivenAnswers:
        """The answers; what was skipped or left alone is absent."""
        values: dict[str, dict[str, int]] = {question.instrument.ref: {} for question in self.questions}
        words: dict[str, dict[str, str]] = {question.instrument.ref: {} for question in self.questions}
        drawings: dict[str, dict[str, GivenDrawing]] = {question.instrument.ref: {} for question in self.questions}
        for question in self.questions:
            ref, code = question.instrument.ref, question.item.code
            answer = self.cleaned_data.get(question.name)
            if question.item.kind == "drawing":
                picture = self.cleaned_data.get(question.picture_name) or ""
                skipped = self.data.get(question.picture_name) == ""
                if picture or (answer is not None and not skipped):
                    drawings[ref][code] = GivenDrawing(answer, picture)
            elif answer is not None and answer != "":
                kept = words if question.item.kind == "words" else values
                kept[ref][code] = answer
        return GivenAnswers(
            values={ref: answers for ref, answers in values.items() if answers},
            words={ref: answers for ref, answers in words.items() if answers},
            drawings={ref: drawn for ref, drawn in drawings.items() if drawn},
        )

    @property
    def disclosure(self) -> Disclosure:
        return Disclosure(self.cleaned_data[WHO_SEES])

    @property
    def key(self) -> UUID:
        key: UUID = self.cleaned_data[KEY]
        return key


# Fields are made once and stand in many forms: a field keeps nothing of the form it stands in.
_KEY_FIELD = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


@lru_cache(maxsize=512)
def _who_sees(choices: tuple[tuple[str, Choice], ...]) -> forms.Field:
    return forms.ChoiceField(
        choices=list(choices),
        widget=forms.RadioSelect,
        label=_("Who may see this?"),
        error_messages={
            "required": _("Please choose who may see your answers. Nobody sees them before you choose."),
            "invalid_choice": _("That choice is not open here. Please choose one of these."),
        },
    )


_made: dict[tuple[str, str], tuple[Instrument, Mapping[str, forms.Field]]] = {}


def _fields_of(instrument: Instrument, language: str) -> Mapping[str, forms.Field]:
    """The questions of a version never change."""
    known = _made.get((instrument.ref, language))
    if known is None or known[0] is not instrument:
        fields = {}
        for question in questions_of([instrument]):
            fields[question.name] = _field_for(question.item, language)
            if question.item.kind == "drawing":
                fields[question.picture_name] = _pictures()
        known = _made[instrument.ref, language] = (instrument, fields)
    return known[1]


def _field_for(item: Item, language: str) -> forms.Field:
    label = item.text[language]
    if item.kind == "drawing":
        return DrawingField(required=False, label=label, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))
    if item.kind == "words":
        field = forms.CharField(required=False, label=label, widget=_Words(attrs={"rows": 3, "autocomplete": "off"}))
        # Instead of `max_length`, by which the browser would cut off what is pasted without a word.
        field.validators = [MaxLengthValidator(LONGEST_WORDS, TOO_LONG)]
        return field
    return forms.TypedChoiceField(
        required=False,
        label=label,
        choices=[("", ""), *((str(value), str(value)) for value in item.values)],
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("That is not one of the answers. Please choose one, or skip it.")},
    )


def _pictures() -> forms.Field:
    return forms.ChoiceField(
        required=False,
        choices=Picture.choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("That is not one of the pictures. Please choose one, or skip it.")},
    )


class DrawingField(forms.Field):
    """A PNG as a canvas gives it: the address of data, as text."""

    BEGINS = "data:image/png;base64,"

    def clean(self, value: object) -> Png | None:
        text = str(value or "")
        if not text:
            return None
        if len(text) > len(self.BEGINS) + 4 * (MOST_BYTES // 3 + 1):
            raise forms.ValidationError(_("This drawing is too large to keep. Please make a new one with fewer lines."))
        try:
            if not text.startswith(self.BEGINS):
                raise NotADrawing("no PNG")
            return read_png(base64.b64decode(text.removeprefix(self.BEGINS), validate=True))
        except (NotADrawing, binascii.Error, ValueError):
            raise forms.ValidationError(
                _("This drawing could not be kept. Please draw it again, or skip it.")
            ) from None


class _Words(forms.Textarea):
    def value_from_datadict(self, data: Mapping[str, str], files: object, name: str) -> str | None:
        """Line ends as everybody but browsers writes them, so that the same words are the same content."""
        typed = data.get(name)
        return None if typed is None else typed.replace("\r\n", "\n")
