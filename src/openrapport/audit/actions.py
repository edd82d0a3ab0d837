"""Adding a line to the audit log, inside the transaction of the deed itself."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import models, transaction

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine, Chain
from openrapport.people.models import User
from openrapport.shared.ids import new_id
from openrapport.shared.prepared import Prepared, PreparedUpdate
from openrapport.shared.writing import Write, new_rows, write


def record(
    *,
    actor: Actor,
    deed: str,
    about: UUID,
    at: datetime,
    obj: models.Model | None = None,
    subject: User | None = None,
    facts: Mapping[str, object] | None = None,
) -> AuditLine:
    """Write one line. `about` names the chain; `facts` hold counts and states, never words or answers."""
    with transaction.atomic(savepoint=False):  # without its line no deed stands: the whole transaction falls
        line = next_line(actor=actor, deed=deed, about=about, at=at, obj=obj, subject=subject, facts=facts)
        write(*parts_of(line))
        return line


def next_line(
    *,
    actor: Actor,
    deed: str,
    about: UUID,
    at: datetime,
    obj: models.Model | None = None,
    subject: User | None = None,
    facts: Mapping[str, object] | None = None,
) -> AuditLine:
    """The line as it will stand, with its chain locked. Whoever asks writes its parts together with the deed."""
    chain = _lock_chain(about)
    line = AuditLine(
        id=new_id(),
        about=about,
        position=chain.length + 1,
        at=at,
        actor=actor.label,
        actor_user=actor.user,
        via=actor.via,
        deed=deed,
        object_type=obj._meta.label if obj is not None else "",
        object_id=obj.pk if obj is not None else None,
        subject=subject,
        facts=dict(facts or {}),
        previous_hash=chain.last_hash,
    )
    line.hash = hash_of(line)
    return line


def parts_of(line: AuditLine) -> tuple[Write, Write]:
    """The line, and the head of its chain moved to it."""
    row = [getattr(line, name) for name in _NAMES]
    head = _MOVE_HEAD.as_part(about=line.about, length=line.position, last_hash=line.hash)
    return new_rows(AuditLine, _NAMES, [row]), head


@dataclass(frozen=True)
class Entry:
    """One line to write, for `record_many`: the same words as `record` takes, with ids for rows."""

    about: UUID
    deed: str
    object_type: str
    object_id: UUID
    subject_id: UUID | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def record_many(entries: Sequence[Entry], *, actor: Actor, at: datetime) -> None:
    """Many lines in a fixed number of queries: a page that shows a whole course is read in one go."""
    if not entries:
        return
    chains_named = sorted({entry.about for entry in entries})  # always in this order: two readers never lock crosswise
    with transaction.atomic():
        Chain.objects.bulk_create([Chain(about=about) for about in chains_named], ignore_conflicts=True)
        locked = Chain.objects.select_for_update().filter(about__in=chains_named).order_by("about")
        chains = {chain.about: chain for chain in locked}
        lines = []
        for entry in entries:
            chain = chains[entry.about]
            line = AuditLine(
                id=new_id(),
                about=entry.about,
                position=chain.length + 1,
                at=at,
                actor=actor.label,
                actor_user=actor.user,
                via=actor.via,
                deed=entry.deed,
                object_type=entry.object_type,
                object_id=entry.object_id,
                subject_id=entry.subject_id,
                facts=dict(entry.facts),
                previous_hash=chain.last_hash,
            )
            line.hash = hash_of(line)
            chain.length, chain.last_hash = line.position, line.hash
            lines.append(line)
        AuditLine.objects.bulk_create(lines)
        Chain.objects.bulk_update(chains.values(), ["length", "last_hash"])


def _lock_chain(about: UUID) -> Chain:
    chain = _HEAD.first(about=about)
    if chain is None:  # the first line of this chain; whoever else begins it now waits here for the same row
        Chain.objects.bulk_create([Chain(about=about)], ignore_conflicts=True)
        chain = _HEAD.first(about=about)
        assert chain is not None
    return chain


_NAMES = tuple(field.attname for field in AuditLine._meta.concrete_fields)
_HEAD = Prepared(lambda about: Chain.objects.select_for_update().filter(about=about), about=UUID)
_MOVE_HEAD = PreparedUpdate(
    lambda about, length, last_hash: (
        Chain.objects.filter(about=about),
        {"length": length, "last_hash": last_hash},
    ),
    about=UUID,
    length=int,
    last_hash=str,
)


def hash_of(line: AuditLine) -> str:
    fields = [
        str(line.about),
        line.position,
        line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        line.actor,
        line.via,
        line.deed,
        line.object_type,
        str(line.object_id),
        str(line.subject_id),
        line.facts,
        line.previous_hash,
    ]
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
