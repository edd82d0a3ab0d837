"""Rows beside the relationships: invitations, lines of the audit log, growth fits; who may read each, by hand."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.practices.models import Invitation as InvitationRow
from openrapport.practices.models import InvitedAs
from openrapport.reports.models import StoredGrowthFit
from openrapport.shared.ids import fingerprint
from tests.access.people import HARBOUR, LONG_AGO, WILLOW
from tests.access.world import World
from tests.cast import NOON
from tests.many_relationships import store_fit


@dataclass(frozen=True)
class Extra:
    obj: InvitationRow | AuditLine | StoredGrowthFit
    readers: frozenset[str]
    canaries: tuple[str, ...] = ()
    secret: str = ""


# label: (practice, invited as, by, therapist, client, who may read it)
INVITATIONS: dict[str, tuple[str, InvitedAs, str, str, str, set[str]]] = {
    "staff": (WILLOW, InvitedAs.THERAPIST, "ada", "", "", {"ada", "paul"}),
    "client": (WILLOW, InvitedAs.CLIENT, "maya", "maya", "", {"maya"}),  # names of clients are not the admin's business
    "guardian": (WILLOW, InvitedAs.GUARDIAN, "maya", "", "ben", {"maya"}),
    "toms": (WILLOW, InvitedAs.CLIENT, "tom", "tom", "", {"tom"}),
    "rolfs": (WILLOW, InvitedAs.CLIENT, "rolf", "rolf", "", set()),  # he left
    "doras": (WILLOW, InvitedAs.CLIENT, "dora", "dora", "", set()),
    "next door": (HARBOUR, InvitedAs.SUPERVISOR, "zoe", "", "", {"zoe", "ezra"}),
}
# label: (actor, whose record, deed, who finds it among the readings of their own record)
READINGS: dict[str, tuple[str, str, str, set[str]]] = {
    "maya reads sam": ("maya", "sam", "read_check_in", {"sam"}),
    "sol reads sam": ("sol", "sam", "read_scores", {"sam"}),
    "sam reads sam": ("sam", "sam", "read_check_in", set()),
    "maya writes sam": ("maya", "sam", "add_session", set()),
    "maya reads ben": ("maya", "ben", "read_check_in", {"ben"}),
    "maya reads gita": ("maya", "gita", "read_check_in", {"gita"}),
    "dora reads ida": ("dora", "ida", "read_check_in", {"ida"}),
    "sol reads dora": ("sol", "dora", "read_check_in", set()),  # her account is closed
    "zoe reads yan": ("zoe", "yan", "read_signal", {"yan"}),
}
# practice: whose pages draw from its fits: who is a therapist or a supervisor there now, or a client
FITS: dict[str, set[str]] = {
    WILLOW: {
        *("maya", "tom", "ines"),
        *("sol", "uma", "vera", "omar", "paul", "cleo", "nils"),
        *("sam", "ben", "kit", "mia", "amy", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "jon", "ida", "lena"),
    },
    HARBOUR: {"rolf", "zoe", "hana", "omar", "yan"},
}


def add_extras(world: World) -> dict[str, Extra]:
    found = {}
    for label, (practice, invited_as, by, therapist, client, readers) in INVITATIONS.items():
        word, secret = f"zi{label.replace(' ', '')}iz", f"secret-{label.replace(' ', '-')}"
        row = InvitationRow.objects.create(
            practice=world.practices[practice],
            invited_as=invited_as,
            name=f"{word} Invited",
            email=f"{word}@example.test",
            invited_by=world.people[by],
            therapist=world.people[therapist] if therapist else None,
            client=world.people[client] if client else None,
            birth_date=date(1990, 1, 1) if invited_as == InvitedAs.CLIENT else None,
            has_legal_custody=True if invited_as == InvitedAs.GUARDIAN else None,
            token_hash=fingerprint(secret),
            created_at=LONG_AGO,
            expires_at=NOON + timedelta(days=7),
        )
        found[f"invitation: {label}"] = Extra(row, frozenset(readers), (word,), secret)
    for label, (actor, subject, deed, readers) in READINGS.items():
        line = record(
            actor=Actor(user=world.people[actor]),
            deed=deed,
            about=uuid4(),
            at=NOON - timedelta(days=1),
            subject=world.people[subject],
        )
        found[f"reading: {label}"] = Extra(line, frozenset(readers))
    for practice, readers in FITS.items():
        found[f"fit: {practice}"] = Extra(store_fit(world.practices[practice]), frozenset(readers))
    return found
