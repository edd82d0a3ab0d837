"""The supervision page, put together: open signals of supervised therapists, where the client was told."""

from dataclasses import dataclass

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Relationship
from openrapport.relationships.queries import supervised_by
from openrapport.reports.caseload import signal_order
from openrapport.reports.supervision import supervision_figures
from openrapport.signals.models import Signal
from openrapport.signals.queries import open_for_supervisor
from openrapport.web.signals.page import SignalLine, signal_line
from openrapport.web.supervision.together import Together, put_together


@dataclass(frozen=True)
class TherapistGroup:
    """One supervised therapist: what waits, and the clients whose record is open to supervision."""

    therapist: User
    lines: tuple[SignalLine, ...]
    clients: tuple[Relationship, ...]


@dataclass(frozen=True)
class SupervisionPage:
    groups: tuple[TherapistGroup, ...]
    waiting: int
    escalated: int
    together: Together

    @property
    def shown(self) -> tuple[Relationship, ...]:
        return tuple(line.signal.relationship for group in self.groups for line in group.lines)


def build_supervision_page(viewer: Viewer) -> SupervisionPage:
    """Therapists with something passed on come first, then by name; the same order inside each group."""
    clients = sorted(supervised_by(viewer), key=lambda one: one.client.display_name.casefold())
    signals = sorted(open_for_supervisor(viewer).prefetch_related(None), key=_order)
    therapists = {one.therapist_id: one.therapist for one in clients}
    groups = [
        TherapistGroup(
            therapist=therapist,
            lines=tuple(
                signal_line(one, for_supervisor=True) for one in signals if one.relationship.therapist_id == pk
            ),
            clients=tuple(one for one in clients if one.therapist_id == pk),
        )
        for pk, therapist in therapists.items()
    ]
    return SupervisionPage(
        groups=tuple(sorted(groups, key=_group_order)),
        waiting=len(signals),
        escalated=sum(one.escalated_at is not None for one in signals),
        together=put_together(supervision_figures(viewer), clients),
    )


def _order(signal: Signal) -> tuple[object, ...]:
    return (signal.escalated_at is None, *signal_order(signal))


def _group_order(group: TherapistGroup) -> tuple[object, ...]:
    passed_on = any(line.signal.escalated_at is not None for line in group.lines)
    return (not passed_on, group.therapist.display_name.casefold())
