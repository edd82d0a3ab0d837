"""Which instruments a check-in shows to whom. The instruments themselves are data in the catalogue."""

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.instrument import Instrument
from openrapport.checkins.models import RespondentRole
from openrapport.relationships.models import Audience

SHOWN: dict[tuple[str, str], tuple[str, ...]] = {
    (RespondentRole.CLIENT, Audience.ADULT): ("alliance-adult", "wellbeing-adult"),
    (RespondentRole.CLIENT, Audience.TEEN): ("alliance-teen", "wellbeing-teen"),
    (RespondentRole.CLIENT, Audience.CHILD): ("alliance-child", "wellbeing-child"),
    (RespondentRole.GUARDIAN, Audience.TEEN): ("alliance-guardian",),
    (RespondentRole.GUARDIAN, Audience.CHILD): ("alliance-guardian", "child-connecting"),
    (RespondentRole.THERAPIST, Audience.ADULT): ("alliance-therapist",),
    (RespondentRole.THERAPIST, Audience.TEEN): ("alliance-therapist",),
    (RespondentRole.THERAPIST, Audience.CHILD): ("alliance-therapist",),
}


def instruments_for(*, role: str, audience: str) -> list[str]:
    """References with the newest versions, in the order shown. Nobody is asked where nothing is defined."""
    return [get_instrument(name).ref for name in SHOWN.get((role, audience), ())]


def instrument_of(reference: str) -> Instrument:
    """The exact version a check-in pinned, such as alliance-adult@1."""
    name, _, version = reference.partition("@")
    return get_instrument(name, int(version))
