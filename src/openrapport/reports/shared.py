"""One check-in as its reader may see it: ratings, components and words, each with the instrument it was given on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from openrapport.analysis.instrument import Instrument
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import CheckIn, Drawing, Picture


@dataclass(frozen=True)
class Rating:
    """The main score of one instrument; `value` is None where too little was answered."""

    instrument: Instrument
    value: float | None


@dataclass(frozen=True)
class SharedDrawing:
    """`pk` opens the image, where one was drawn; `picture` is what was chosen beside it or instead."""

    pk: UUID
    size: tuple[int, int] | None
    picture: str

    @property
    def picture_name(self) -> str:
        return str(Picture(self.picture).label) if self.picture else ""


@dataclass(frozen=True)
class SharedCheckIn:
    """`components` holds answered items by component, higher is better; skipped ones are absent."""

    pk: UUID
    session: int
    submitted_at: datetime
    role: str
    respondent: UUID
    name: str
    disclosure: str
    ratings: Mapping[str, Rating]
    components: Mapping[str, float]
    words: tuple[str, ...]
    drawings: tuple[SharedDrawing, ...] = ()

    @property
    def alliance(self) -> Rating | None:
        return self.ratings.get("alliance")

    @property
    def wellbeing(self) -> Rating | None:
        return self.ratings.get("wellbeing")


def read_check_in(check_in: CheckIn) -> SharedCheckIn:
    """From a row of `check_ins_visible_to`, with its answers, scores and drawings fetched."""
    assert check_in.submitted_at is not None
    instruments = {reference: instrument_of(reference) for reference in check_in.instruments}
    return SharedCheckIn(
        pk=check_in.pk,
        session=check_in.session.number,
        submitted_at=check_in.submitted_at,
        role=check_in.role,
        respondent=check_in.respondent_id,
        name=check_in.respondent.display_name,
        disclosure=check_in.disclosure,
        ratings=_ratings(check_in, instruments),
        components=_components(check_in, instruments),
        words=_words(check_in, instruments),
        drawings=tuple(map(read_drawing, check_in.drawings.all())),
    )


def read_drawing(drawing: Drawing) -> SharedDrawing:
    """Fetch them with `WITH_DRAWINGS`: the images stay in the database."""
    width, height = drawing.width, drawing.height
    size = (width, height) if width is not None and height is not None else None
    return SharedDrawing(pk=drawing.pk, size=size, picture=drawing.picture)


def _ratings(check_in: CheckIn, instruments: Mapping[str, Instrument]) -> dict[str, Rating]:
    values = {(score.instrument, score.scale): score.value for score in check_in.scores.all()}
    return {
        instrument.kind: Rating(instrument, values.get((reference, instrument.total.code)))
        for reference, instrument in instruments.items()
    }


def _components(check_in: CheckIn, instruments: Mapping[str, Instrument]) -> dict[str, float]:
    found = {}
    for answer in check_in.answers.all():
        instrument = instruments.get(answer.instrument)
        if instrument is None or instrument.kind != "alliance" or answer.value is None:
            continue
        item = instrument.item(answer.item)
        points = item.points(answer.value)
        if item.component is not None and points is not None:
            found[item.component] = points
    return found


def _words(check_in: CheckIn, instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    return tuple(
        answer.words
        for answer in check_in.answers.all()
        if answer.words and instruments[answer.instrument].item(answer.item).kind == "words"
    )
