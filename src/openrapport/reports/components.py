"""The parts of the alliance in the newest answers, beside what is usual for this client on the same questions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from openrapport.analysis.instrument import COMPONENTS, Instrument
from openrapport.reports.shared import SharedCheckIn

USUAL_NEEDS = 3  # fewer earlier answers do not show what is usual for a person
USUAL_LOOKS_BACK = 8


@dataclass(frozen=True)
class ComponentProfile:
    """A component's newest answer beside the client's own earlier ones; None: not answered, or too few to say."""

    component: str
    name: str
    value: float | None
    usual_low: float | None
    usual_high: float | None
    is_low: bool


def component_profile(
    instrument: Instrument, rated: Sequence[SharedCheckIn], *, in_rupture: Collection[int]
) -> tuple[ComponentProfile, ...]:
    """`rated` are check-ins on this very version, oldest first: two scales in one profile would say nothing."""
    if not rated:
        return ()
    newest = rated[-1]
    earlier = [check_in for check_in in rated[:-1] if check_in.session not in in_rupture]
    names = {item.component: item.code for item in instrument.items if item.component is not None}
    return tuple(
        _component(instrument, component, names[component], newest, earlier)
        for component in COMPONENTS
        if component in names
    )


def _component(
    instrument: Instrument, component: str, item: str, newest: SharedCheckIn, earlier: Sequence[SharedCheckIn]
) -> ComponentProfile:
    value = newest.components.get(component)
    before = [one.components[component] for one in earlier if component in one.components][-USUAL_LOOKS_BACK:]
    usual = (min(before), max(before)) if len(before) >= USUAL_NEEDS else (None, None)
    cut_off = instrument.cut_off("component_low")
    return ComponentProfile(
        component=component,
        name=item,
        value=value,
        usual_low=usual[0],
        usual_high=usual[1],
        is_low=cut_off is not None and value is not None and cut_off.is_crossed(value),
    )
