"""The seeded courses: what every invented person answers after every session. The same seed gives the same scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from openrapport.analysis.baseline import Floats, population_of
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.instrument import Instrument
from openrapport.analysis.simulate import answers_for, course
from openrapport.commands.demo.people import CLIENTS, ROSIER, Invented
from openrapport.commands.demo.words import THERAPIST_WORDS, WORDS, Moment

SEED = 20_261_101
DISCLOSURES, HOW_OFTEN = ("now", "next_session", "private", "supervisor_only"), (0.8, 0.11, 0.06, 0.03)
SKIPS_ONE, LEAVES_OUT, WRITES = 0.12, 0.07, 0.5
DEPTH = 4.5  # of a fresh drop, in within-person SDs
THERAPIST_ANSWERS, GUARDIAN_ANSWERS = 0.8, 0.75


@dataclass(frozen=True)
class Sent:
    """One sent check-in: answers and words by instrument id."""

    values: Mapping[str, Mapping[str, int]]
    words: Mapping[str, Mapping[str, str]]
    disclosure: str = "now"


@dataclass(frozen=True)
class Held:
    """What came after one session; None was asked and not answered."""

    client: Sent | None
    therapist: Sent | None
    guardians: Mapping[str, Sent | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Session:
    """What one session was like for the client. `must_share`: the one before was kept back or left out."""

    position: int
    score: float
    mood: float
    moment: Moment
    must_share: bool


def course_of(invented: Invented) -> tuple[Held, ...]:
    """Every session of one client. The last one is not answered yet by the family: that check-in is due."""
    rng = np.random.default_rng([SEED, CLIENTS.index(invented)])
    alliance = get_instrument(f"alliance-{invented.audience}")
    wellbeing = get_instrument(f"wellbeing-{invented.audience}")
    scores = _scores(invented, alliance, rng)
    moods = course(invented.wellbeing, population_of(wellbeing), sessions=invented.sessions, rng=rng)
    writer = _Writer(invented, rng)
    held: list[Held] = []
    kept_back = True  # the first one is always shared
    for position in range(invented.sessions):
        moment = _moment(invented, position, scores, alliance)
        session = _Session(position, scores[position], moods[position], moment, must_share=kept_back)
        due = position == invented.sessions - 1
        client = None if due else _from_client(invented, session, writer, rng)
        therapist = _from_therapist(invented, scores[position], alliance, moment, writer, rng)
        family = {
            name: None if due else _from_guardian(invented, writer, moment, rng) for name, _ in invented.guardians
        }
        held.append(Held(client, therapist, family))
        kept_back = client is None or client.disclosure != "now"
    return tuple(held)


def _scores(invented: Invented, alliance: Instrument, rng: np.random.Generator) -> Floats:
    usual = population_of(alliance)
    drawn = course(invented.shape, usual, sessions=invented.sessions, rng=rng) + invented.shift
    if invented.drops_at is not None:
        drawn[invented.drops_at :] -= DEPTH * usual.within_sd
    return np.clip(drawn, usual.minimum, usual.maximum)


def _moment(invented: Invented, position: int, scores: Floats, instrument: Instrument) -> Moment:
    if invented.shape == "always_perfect":
        return "perfect"
    before, deep = scores[:position], 1.5 * population_of(instrument).within_sd
    if position >= 3 and (invented.shape.startswith("rupture") or invented.drops_at is not None):
        if scores[position] < np.median(before) - deep:
            return "drop"
        if before.min() < np.median(before) - deep:
            return "after"
    if invented.shape == "drift_away" and position > len(scores) / 2:
        return "drift"
    return "start" if position < 2 else "good"


class _Writer:
    """Hands out words for a moment, none twice for the same client until all are used."""

    def __init__(self, invented: Invented, rng: np.random.Generator) -> None:
        self.voice = invented.language if invented.audience == "adult" else invented.audience
        self.rng = rng
        self.left: dict[tuple[str, Moment], list[str]] = {}

    def client(self, moment: Moment) -> str:
        return self._next(self.voice, moment, WORDS[self.voice][moment])

    def guardian(self, moment: Moment) -> str:
        return self._next("guardian", moment, WORDS["guardian"][moment])

    def therapist(self, moment: Moment) -> str:
        return self._next("therapist", moment, THERAPIST_WORDS[moment])

    def _next(self, voice: str, moment: Moment, all_of_them: tuple[str, ...]) -> str:
        left = self.left.setdefault((voice, moment), [])
        if not left:
            left += [all_of_them[i] for i in self.rng.permutation(len(all_of_them))]
        return left.pop()


def _from_client(invented: Invented, session: _Session, writer: _Writer, rng: np.random.Generator) -> Sent | None:
    alliance = get_instrument(f"alliance-{invented.audience}")
    wellbeing = get_instrument(f"wellbeing-{invented.audience}")
    answers = dict(answers_for(session.score, alliance, rng=rng))
    if invented.low_component and session.position > 0:
        answers[invented.low_component] = 3
    moods = dict(answers_for(session.mood, wellbeing, rng=rng))
    disclosure = str(rng.choice(DISCLOSURES, p=HOW_OFTEN))
    left_out, skips, writes = rng.random() < LEAVES_OUT, rng.random() < SKIPS_ONE, rng.random() < WRITES
    skipped = alliance.total.items[int(rng.integers(len(alliance.total.items)))]
    if invented.withdraws_after is not None and session.position >= invented.withdraws_after:
        disclosure, left_out = "private", session.position % 2 == 0
    elif session.must_share or session.moment in ("drop", "drift", "perfect"):
        disclosure, left_out = "now", False  # what makes this course what it is stays visible
    if left_out:
        return None
    if skips:
        del answers[skipped]
    text = writer.client(session.moment) if writes or session.moment in ("drop", "after") else ""
    return Sent(
        values={alliance.id: answers, wellbeing.id: moods},
        words={alliance.id: {"one_thing": text}} if text else {},
        disclosure=disclosure,
    )


def _from_therapist(
    invented: Invented,
    score: float,
    alliance: Instrument,
    moment: Moment,
    writer: _Writer,
    rng: np.random.Generator,
) -> Sent | None:
    mirror = get_instrument("alliance-therapist")
    scale = alliance.total
    on_ten = (score - scale.minimum) / (scale.maximum - scale.minimum) * 10
    target = float(np.clip(on_ten + ROSIER[invented.therapist] + rng.normal(0, 0.4), 0, 9.6))
    answers = answers_for(target, mirror, rng=rng)
    answered, writes = rng.random() < THERAPIST_ANSWERS, rng.random() < WRITES
    if not answered:
        return None
    words = {mirror.id: {"one_thing": writer.therapist(moment)}} if writes else {}
    return Sent(values={mirror.id: dict(answers)}, words=words)


def _from_guardian(invented: Invented, writer: _Writer, moment: Moment, rng: np.random.Generator) -> Sent | None:
    own = get_instrument("alliance-guardian")
    level = population_of(own).mean + float(rng.normal(0, 0.8))
    values: dict[str, Mapping[str, int]] = {own.id: dict(answers_for(level, own, rng=rng))}
    if invented.audience == "child":
        signs = get_instrument("child-connecting")
        values[signs.id] = {item: int(rng.choice((0, 1, 2), p=(0.2, 0.6, 0.2))) for item in signs.total.items}
    answered, writes = rng.random() < GUARDIAN_ANSWERS, rng.random() < WRITES
    if not answered:
        return None
    return Sent(values=values, words={own.id: {"one_thing": writer.guardian(moment)}} if writes else {})
