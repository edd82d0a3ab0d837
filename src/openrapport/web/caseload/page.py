"""The caseload, put together: filtered, sorted, and each row with its reason in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from unicodedata import combining, normalize
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from openrapport.people.viewer import Viewer
from openrapport.relationships.models import State
from openrapport.reports.caseload import (
    Attention,
    CaseloadRow,
    by_attention,
    by_last_shared,
    by_name,
    caseload,
    former_caseload,
)
from openrapport.shared.numbers import say_number
from openrapport.signals.explain import explain
from openrapport.signals.models import Kind
from openrapport.web.client_page.page import find_url
from openrapport.web.components.charts import NotAnswered, Sparkline
from openrapport.web.components.parts import NavItem, Text

SHOW: dict[str, Text] = {
    "all": gettext_lazy("Everybody"),
    "needs_me": gettext_lazy("Needs me"),
    "quiet": gettext_lazy("Nothing shared lately"),
}
STATES: dict[str, Text] = {
    "active": gettext_lazy("Active"),
    "paused": gettext_lazy("Paused"),
    "ended": gettext_lazy("Ended"),
}
SORT: dict[str, Text] = {
    "attention": gettext_lazy("Who needs me first"),
    "name": gettext_lazy("Name"),
    "last": gettext_lazy("Longest since a check-in"),
}
SORT_BY: dict[str, Callable[[CaseloadRow], tuple[object, ...]]] = {
    "attention": by_attention,
    "name": by_name,
    "last": by_last_shared,
}


@dataclass(frozen=True)
class Wanted:
    """What the address asks for. Words it does not know mean the default: an old bookmark still opens."""

    q: str = ""
    show: str = "all"
    state: str = "active"
    sort: str = "attention"

    @classmethod
    def from_query(cls, query: dict[str, str]) -> "Wanted":
        def known(name: str, among: Iterable[str], otherwise: str) -> str:
            return query.get(name, "") if query.get(name, "") in among else otherwise

        return cls(
            q=query.get("q", "").strip()[:100],
            show=known("show", SHOW, "all"),
            state=known("state", STATES, "active"),
            sort=known("sort", SORT, "attention"),
        )

    @property
    def is_default(self) -> bool:
        return self == Wanted(sort=self.sort)

    def address(self, **changes: str) -> str:
        chosen = {**vars(self), **changes}
        said = {name: value for name, value in chosen.items() if value != getattr(Wanted(), name)}
        return reverse("caseload") + (f"?{urlencode(said)}" if said else "")


@dataclass(frozen=True)
class ClientLine:
    """One client in the list. `tone` is of the reason; empty where nothing waits."""

    row: CaseloadRow
    url: str
    name: str
    reason: str
    detail: str
    tone: str
    tag: str
    shared: str
    last: str
    sparkline: Sparkline | None


@dataclass(frozen=True)
class FilterChip:
    label: Text
    url: str
    selected: bool
    count: int


@dataclass(frozen=True)
class CaseloadPage:
    summary: str
    wanted: Wanted
    lines: tuple[ClientLine, ...]
    tabs: list[NavItem]
    chips: tuple[FilterChip, ...]
    sorts: dict[str, Text] = field(default_factory=lambda: SORT)
    invite_url: str = ""
    has_anybody: bool = True


def build_caseload_page(viewer: Viewer, wanted: Wanted) -> CaseloadPage:
    current, former = caseload(viewer), former_caseload(viewer)
    groups = {
        "active": [row for row in current if row.relationship.state != State.PAUSED],
        "paused": [row for row in current if row.relationship.state == State.PAUSED],
        "ended": former,
    }
    group = groups[wanted.state]
    kept = [row for row in group if _shows(row, wanted.show) and _matches(row, wanted.q)]
    if wanted.state != "ended" or wanted.sort == "name":
        kept.sort(key=SORT_BY[wanted.sort])
    return CaseloadPage(
        summary=_summary(groups["active"]),
        wanted=wanted,
        lines=tuple(_line(row) for row in kept),
        tabs=[
            NavItem(wanted.address(state=state), label, current=wanted.state == state, count=len(groups[state]))
            for state, label in STATES.items()
        ],
        chips=tuple(
            FilterChip(label, wanted.address(show=show), wanted.show == show, sum(_shows(row, show) for row in group))
            for show, label in SHOW.items()
        ),
        invite_url=find_url("invite_client"),
        has_anybody=bool(current or former),
    )


def _shows(row: CaseloadRow, show: str) -> bool:
    return {"all": True, "needs_me": row.needs_me, "quiet": row.is_quiet}[show]


def _matches(row: CaseloadRow, q: str) -> bool:
    return all(word in fold(row.relationship.client.display_name) for word in fold(q).split())


def fold(text: str) -> str:
    """For finding names: without accents, without case."""
    return "".join(letter for letter in normalize("NFKD", text) if not combining(letter)).casefold()


def _summary(rows: list[CaseloadRow]) -> str:
    if not rows:
        return ""
    clients = ngettext("%(count)s client", "%(count)s clients", len(rows)) % {"count": len(rows)}
    waiting = sum(row.needs_me for row in rows)
    if not waiting:
        return _("%(clients)s. Nobody waits for you right now.") % {"clients": clients}
    need = ngettext("%(count)s needs you", "%(count)s need you", waiting) % {"count": waiting}
    return _("%(clients)s. %(need)s.") % {"clients": clients, "need": need}


def _line(row: CaseloadRow) -> ClientLine:
    reason, detail, tone, tag = _reason(row)
    shared = _("%(shared)s of %(held)s shared") % {"shared": row.shared, "held": row.held} if row.held else ""
    return ClientLine(
        row=row,
        url=reverse("client_page", args=[row.relationship.pk]),
        name=row.relationship.client.display_name,
        reason=reason,
        detail=detail,
        tone=tone,
        tag=tag,
        shared=shared,
        last=date_format(timezone.localtime(row.last_shared_at), "DATE_FORMAT") if row.last_shared_at else "",
        sparkline=_sparkline(row) if any(value is not None for value in row.ratings) else None,
    )


TAGS: dict[Attention, tuple[str, Text]] = {
    Attention.NEW: ("warning", gettext_lazy("New")),
    Attention.SEEN: ("info", gettext_lazy("Seen")),
    Attention.RECOVERED: ("success", gettext_lazy("Recovered")),
    Attention.TALKED_ABOUT: ("neutral", gettext_lazy("Talked about")),
}


def _reason(row: CaseloadRow) -> tuple[str, str, str, str]:
    """Why this person stands where they stand: headline, one sentence, tone and a word for the tag."""
    signal = row.first_signal
    if signal is None:
        if row.relationship.ended_at is not None:
            day = date_format(timezone.localtime(row.relationship.ended_at), "DATE_FORMAT")
            return _("Ended on %(day)s") % {"day": day}, "", "", ""
        if row.held == 0:
            return _("No session yet"), "", "", ""
        return _("Nothing needs you now"), "", "", ""
    tone, tag = TAGS[row.attention]
    told = explain(signal)
    detail = told.sentence
    if row.attention == Attention.RECOVERED:
        detail = _("It has come back since. Close it when you have talked about it.")
        if signal.kind == Kind.FEEDBACK_MISSING:
            detail = _("Something has been shared again since.")
    others = len(row.signals) - 1
    if others:
        more = ngettext("And %(count)s more signal.", "And %(count)s more signals.", others) % {"count": others}
        detail = f"{detail} {more}"
    return told.headline, detail, tone, str(tag)


def _sparkline(row: CaseloadRow) -> Sparkline:
    values = tuple(NotAnswered() if value is None else value for value in row.ratings)
    said = ", ".join(_("none") if value is None else say_number(value) for value in row.ratings)
    return Sparkline(
        values=values,
        label=_("Last ratings: %(ratings)s") % {"ratings": said},
        y_min=row.instrument.total.minimum,
        y_max=row.instrument.total.maximum,
        alert_last=row.attention in (Attention.NEW, Attention.SEEN)
        and row.first_signal is not None
        and row.first_signal.kind == Kind.RUPTURE,
    )
