"""What the check-in page shows: the questions in order, in the respondent's language, with their answers if any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from openrapport.analysis.instrument import NO, NOT_SURE, YES, Instrument, Item
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import CheckIn, Picture, RespondentRole
from openrapport.people.models import User
from openrapport.relationships.models import Audience
from openrapport.web.check_in.forms import WHO_SEES, CheckInForm, Question
from openrapport.web.check_in.who_sees import choices_for
from openrapport.web.components.parts import read_question
from openrapport.web.components.tags.fields import FACE_MOUTHS, rating_values

# What is drawn with, on white paper. The names are read aloud and shown when one points at them.
COLOURS = (
    ("#22302f", gettext_lazy("Black")),
    ("#d43c31", gettext_lazy("Red")),
    ("#ef8a17", gettext_lazy("Orange")),
    ("#f4cf28", gettext_lazy("Yellow")),
    ("#2f9e52", gettext_lazy("Green")),
    ("#2b77c9", gettext_lazy("Blue")),
    ("#8a4fb0", gettext_lazy("Purple")),
    ("#8a5a33", gettext_lazy("Brown")),
)


@dataclass(frozen=True)
class Asked:
    """One question as it stands on the page."""

    question: Question
    html: SafeString


@dataclass(frozen=True)
class Section:
    title: str
    introduction: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class CheckInPage:
    check_in: CheckIn
    form: CheckInForm
    sections: tuple[Section, ...]
    heading: str
    lead: str
    after: str
    therapist: str
    is_child: bool
    asked_on: datetime

    @property
    def who_sees(self) -> object:
        return self.form[WHO_SEES]

    @property
    def total(self) -> int:
        return len(self.form.questions)

    @property
    def done(self) -> int:
        """Answered, or skipped on purpose; an empty text is simply not written yet."""
        return sum(1 for question in self.form.questions if self._is_done(question))

    def _is_done(self, question: Question) -> bool:
        value = self.form[question.name].value()
        if question.item.kind == "drawing":
            return bool(value) or self.form[question.picture_name].value() is not None
        return bool(value) or (value is not None and question.item.kind != "words")


def language_for(request: HttpRequest, person: User, *, own_device: bool) -> str:
    """The person's language; on their own device another one they chose there."""
    if own_device and settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return get_language() or settings.LANGUAGE_CODE
    known = {code for code, _name in settings.LANGUAGES}
    return person.language if person.language in known else settings.LANGUAGE_CODE


@contextmanager
def in_words_of(request: HttpRequest, person: User, *, own_device: bool = True) -> Iterator[str]:
    """The language and the clock of the person who reads, which need not be those of the device."""
    language = language_for(request, person, own_device=own_device)
    with translation.override(language), timezone.override(person.zone):
        yield language


def instruments_in(check_in: CheckIn) -> list[Instrument]:
    return [instrument_of(ref) for ref in check_in.instruments]


def spoken_by(instruments: Sequence[Instrument], language: str) -> str:
    """One language for all questions: mixing two in one page would confuse."""
    common = set.intersection(*(set(one.languages) for one in instruments))
    return language if language in common else instruments[0].languages[0]


def form_for(check_in: CheckIn, data: dict[str, str] | None = None) -> CheckInForm:
    instruments = instruments_in(check_in)
    language = spoken_by(instruments, get_language() or "en")
    return CheckInForm(data, instruments=instruments, language=language, who_sees=choices_for(check_in))


def build_page(check_in: CheckIn, form: CheckInForm) -> CheckInPage:
    instruments = instruments_in(check_in)
    language = spoken_by(instruments, get_language() or "en")
    is_child = check_in.role == RespondentRole.CLIENT and check_in.relationship.audience == Audience.CHILD
    heading, lead = _opening(check_in, is_child=is_child)
    return CheckInPage(
        check_in=check_in,
        form=form,
        sections=tuple(_section(one, form, language) for one in instruments),
        heading=heading,
        lead=lead,
        after=_closing(check_in),
        therapist=check_in.relationship.therapist.short_name,
        is_child=is_child,
        asked_on=check_in.session.starts_at,
    )


def _section(instrument: Instrument, form: CheckInForm, language: str) -> Section:
    places = {question.name: place for place, question in enumerate(form.questions, start=1)}
    return Section(
        title=instrument.title[language],
        introduction=instrument.introduction[language],
        asked=tuple(
            Asked(question, _draw(question, form, language, places[question.name], len(places)))
            for question in form.questions
            if question.instrument.ref == instrument.ref
        ),
    )


def _draw(question: Question, form: CheckInForm, language: str, number: int, total: int) -> SafeString:
    field = form[question.name]
    if question.item.kind == "words":
        return render_to_string("check_in/words.html", {"field": field, "number": number, "total": total})
    if question.item.kind == "drawing":
        return _drawing(question, form, number, total)
    tiles, more = _tiles(question.item, language)
    values = rating_values(read_question(field), tiles, True, number, total)
    return render_to_string("components/rating.html", values | more)


def _drawing(question: Question, form: CheckInForm, number: int, total: int) -> SafeString:
    field, pictures = form[question.name], form[question.picture_name]
    chosen = pictures.value()
    context = {
        "field": field,
        "pictures": pictures,
        "tiles": [{"picture": one, "checked": chosen == one.value} for one in Picture],
        "skipped": chosen == "",
        "errors": [*field.errors, *pictures.errors],
        "colours": COLOURS,
        "number": number,
        "total": total,
    }
    return render_to_string("check_in/drawing.html", context)


def _tiles(item: Item, language: str) -> tuple[list[dict[str, object]], dict[str, object]]:
    words = item.anchors.get(language, {})
    if item.kind == "faces":
        faces: list[dict[str, object]] = [
            {"value": value, "text": words[value], "mouth": mouth}
            for value, mouth in zip(item.values, FACE_MOUTHS, strict=True)
        ]
        return faces, {"kind": "faces"}
    if item.kind == "yes_no_unsure":
        return [{"value": value, "text": words[value]} for value in (YES, NO, NOT_SURE)], {"kind": "words"}
    low, high = words[item.values[0]], words[item.values[-1]]
    ends = {item.values[0]: low, item.values[-1]: high}
    numbers: list[dict[str, object]] = [
        {"value": value, "text": value, "end": ends.get(value, "")} for value in item.values
    ]
    return numbers, {"kind": "numbers", "low": low, "high": high}


def _opening(check_in: CheckIn, *, is_child: bool) -> tuple[str, str]:
    therapist = check_in.relationship.therapist.short_name
    me = check_in.respondent.short_name
    if check_in.role == RespondentRole.THERAPIST:
        client = check_in.relationship.client.short_name
        return (
            _("Your view of the session with %(client)s") % {"client": client},
            _("Takes about a minute. It mirrors what %(client)s is asked.") % {"client": client},
        )
    if check_in.role == RespondentRole.GUARDIAN:
        return (
            _("How is it going, %(me)s?") % {"me": me},
            _("Takes about a minute. These are your own answers, about you and %(name)s.") % {"name": therapist},
        )
    if is_child:
        return _("Hi %(me)s!") % {"me": me}, _("There is no wrong answer. You can skip any question.")
    return (
        _("How was your session, %(me)s?") % {"me": me},
        _("Takes about a minute. At the end you choose who sees it. There are no wrong answers."),
    )


def _closing(check_in: CheckIn) -> str:
    """Who does not see it, where people may wonder."""
    if check_in.role == RespondentRole.CLIENT and check_in.relationship.audience == Audience.TEEN:
        return _("Your parents or guardians cannot see your answers here, or whether you answered.")
    if check_in.role == RespondentRole.GUARDIAN:
        return _("Your child does not see your answers here.")
    return ""
