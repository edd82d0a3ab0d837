"""One answered check-in, read by the person who answered: every question with its answer, or that it was skipped."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openrapport.analysis.instrument import Instrument, Item
from openrapport.checkins.models import Answer, CheckIn
from openrapport.reports.shared import SharedDrawing, read_drawing
from openrapport.shared.numbers import say_number
from openrapport.web.check_in.page import instruments_in, spoken_by


@dataclass(frozen=True)
class Answered:
    """`value`, `words` or `drawing`, or none of them: then the question was skipped."""

    question: str
    value: str = ""
    note: str = ""
    words: str = ""
    drawing: SharedDrawing | None = None


@dataclass(frozen=True)
class Part:
    title: str
    answers: tuple[Answered, ...]
    average: str
    no_average: str


@dataclass(frozen=True)
class AnsweredPage:
    therapist: str
    session_at: datetime
    parts: tuple[Part, ...]


def build_answered(check_in: CheckIn) -> AnsweredPage:
    instruments = instruments_in(check_in)
    language = spoken_by(instruments, get_language() or "en")
    return AnsweredPage(
        therapist=check_in.relationship.therapist.short_name,
        session_at=check_in.session.starts_at,
        parts=tuple(_part(check_in, instrument, language) for instrument in instruments),
    )


def _part(check_in: CheckIn, instrument: Instrument, language: str) -> Part:
    given = {answer.item: answer for answer in check_in.answers.all() if answer.instrument == instrument.ref}
    drawn = {one.item: read_drawing(one) for one in check_in.drawings.all() if one.instrument == instrument.ref}
    average, no_average = _average(check_in, instrument)
    return Part(
        title=instrument.title[language],
        answers=tuple(
            Answered(item.text[language], drawing=drawn[item.code])
            if item.code in drawn
            else _answered(item, given.get(item.code), language)
            for item in instrument.items
        ),
        average=average,
        no_average=no_average,
    )


def _answered(item: Item, answer: Answer | None, language: str) -> Answered:
    question = item.text[language]
    if answer is None:
        return Answered(question)
    if answer.value is None:
        return Answered(question, words=answer.words or "")
    words = item.anchors.get(language, {})
    if item.kind != "rating":
        return Answered(question, value=words[answer.value])
    value = _("%(value)s of %(most)s") % {"value": answer.value, "most": item.maximum}
    return Answered(question, value=value, note=words.get(answer.value, ""))


def _average(check_in: CheckIn, instrument: Instrument) -> tuple[str, str]:
    """The number of the line on the home page, or why this check-in has no point there."""
    total = instrument.total
    score = next((s for s in check_in.scores.all() if s.instrument == instrument.ref and s.scale == total.code), None)
    if score is None:
        return "", ""
    if score.value is None:
        reasons = {
            "nothing_answered": _("There is no number for this part, because every question in it was skipped."),
            "too_many_missing": _("There is no number for this part: too few questions were answered to make one."),
            "risk_item_missing": _("There is no number for this part, because one of its questions was skipped."),
        }
        return "", reasons.get(score.not_scorable, _("There is no number for this part."))
    most = number_format(total.maximum, decimal_pos=0)
    if total.method == "mean":
        return _("On average %(value)s of %(most)s.") % {"value": say_number(score.value), "most": most}, ""
    return _("Together %(value)s of %(most)s.") % {"value": say_number(score.value, 0), "most": most}, ""
