"""The viewer's own answers as a list: whom each was shared with, and who has read it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openrapport.audit.models import AuditLine
from openrapport.audit.queries import readings_of_own_record
from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
from openrapport.checkins.queries import WITH_DRAWINGS, own_check_ins
from openrapport.people.viewer import Viewer

OWN_ROLES = (RespondentRole.CLIENT, RespondentRole.GUARDIAN)
READ_CHECK_IN = "read_check_in"
MOST_LOOKS = 20


@dataclass(frozen=True)
class Past:
    """One answered check-in. `readers` holds a sentence for each person who read it."""

    url: str
    sent_at: datetime
    therapist: str
    shared: str
    icon: str
    tone: str
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """Somebody saw something made from the viewer's answers, other than a check-in itself."""

    at: datetime
    sentence: str


def own_answers(viewer: Viewer) -> QuerySet[CheckIn]:
    """What the viewer answered as a client or a guardian, newest first."""
    sent = own_check_ins(viewer).filter(role__in=OWN_ROLES, submitted_at__isnull=False)
    return sent.prefetch_related("answers", "scores", WITH_DRAWINGS).order_by("-submitted_at")


def list_past(viewer: Viewer, check_ins: Sequence[CheckIn]) -> list[Past]:
    readers = _readers(viewer, [one.pk for one in check_ins])
    return [_past(one, readers.get(one.pk, ())) for one in check_ins]


def _past(check_in: CheckIn, readers: tuple[str, ...]) -> Past:
    assert check_in.submitted_at is not None
    shared, icon, tone = _shared(check_in)
    return Past(
        url=reverse("my_check_in", args=[check_in.pk]),
        sent_at=check_in.submitted_at,
        therapist=check_in.relationship.therapist.short_name,
        shared=shared,
        icon=icon,
        tone=tone,
        readers=readers,
    )


def _shared(check_in: CheckIn) -> tuple[str, str, str]:
    name = {"name": check_in.relationship.therapist.short_name}
    if check_in.disclosure == Disclosure.NEXT_SESSION and check_in.visible_from is None:
        return _("%(name)s sees it from your next session") % name, "calendar", "neutral"
    if check_in.disclosure in (Disclosure.NOW, Disclosure.NEXT_SESSION):
        return _("Shared with %(name)s") % name, "eye", "primary"
    if check_in.disclosure == Disclosure.SUPERVISOR_ONLY:
        return _("Only %(name)s's supervisor") % name, "users", "neutral"
    return _("Only you"), "lock", "neutral"


def _readers(viewer: Viewer, keys: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    """One sentence for each reader of each check-in; the log has a line for every day somebody read."""
    days: dict[UUID, dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    for line in readings_of_own_record(viewer).filter(deed=READ_CHECK_IN, object_id__in=keys):
        assert line.object_id is not None
        days[line.object_id][_who(line)].add(timezone.localtime(line.at).date())
    return {
        key: tuple(_reading(who, sorted(on)) for who, on in sorted(by_reader.items()))
        for key, by_reader in days.items()
    }


def _who(line: AuditLine) -> str:
    return line.actor_user.short_name if line.actor_user is not None else _("The system")


def _reading(who: str, days: list[date]) -> str:
    first = formats.date_format(days[0], "DATE_FORMAT")
    more = len(days) - 1
    if not more:
        return _("%(who)s read this on %(day)s") % {"who": who, "day": first}
    sentence = ngettext(
        "%(who)s read this on %(day)s and on %(more)d other day",
        "%(who)s read this on %(day)s and on %(more)d other days",
        more,
    )
    return sentence % {"who": who, "day": first, "more": more}


def other_looks(viewer: Viewer) -> list[Look]:
    """Looks at numbers or notes made from the answers. Each check-in's own readers stand beside it."""
    seen = {
        "read_scores": _("%(who)s saw your latest numbers in a list of clients."),
        "read_signal": _("%(who)s looked at a note made from your answers."),
    }
    lines = readings_of_own_record(viewer).filter(deed__in=seen)[:MOST_LOOKS]
    return [Look(line.at, seen[line.deed] % {"who": _who(line)}) for line in lines]
