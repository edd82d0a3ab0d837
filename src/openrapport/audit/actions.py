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
    with transaction.atomic():
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
        line.save(force_insert=True)
        chain.length, chain.last_hash = line.position, line.hash
        chain.save(update_fields=["length", "last_hash"])
        return line


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
    held = Chain.objects.select_for_update().filter(about=about)
    chain = held.first()
    if chain is None:  # the first line of this chain; whoever else begins it now waits here for the same row
        Chain.objects.bulk_create([Chain(about=about)], ignore_conflicts=True)
        chain = held.get()
    return chain


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
