"""Asking for a check-in, recording its answers and scores, releasing it, and the passes that open it."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, QuerySet
from django.utils.crypto import salted_hmac

from openrapport.analysis.scoring import NotScorable, ScaleScore, score
from openrapport.audit.actions import next_line, parts_of, record
from openrapport.audit.actor import Actor
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import (
    Answer,
    CheckIn,
    CheckInPass,
    Disclosure,
    Drawing,
    PassKind,
    RespondentRole,
    Score,
)
from openrapport.checkins.png import Png
from openrapport.people.models import User
from openrapport.relationships.models import Relationship
from openrapport.sessions.models import TherapySession
from openrapport.shared.ids import fingerprint, new_id, new_token
from openrapport.shared.prepared import PreparedUpdate
from openrapport.shared.writing import Write, new_rows, write

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: they are misread on paper and glass
CODE_LENGTH = 6


class KeyConflict(Exception):
    """The same submission key came with other content, or belongs to another check-in."""


class AlreadyAnswered(Exception):
    """This check-in was sent before, under another key."""


@dataclass(frozen=True)
class GivenDrawing:
    """What was drawn, the picture that was chosen, or both."""

    image: Png | None = None
    picture: str = ""

    @property
    def trace(self) -> list[str]:
        """Stands for the drawing where two submissions are compared."""
        return [hashlib.sha256(self.image.content).hexdigest() if self.image is not None else "", self.picture]


@dataclass(frozen=True)
class GivenAnswers:
    """What somebody answered: by instrument reference and item code. Skipped items are absent."""

    values: Mapping[str, Mapping[str, int]]
    words: Mapping[str, Mapping[str, str]]
    drawings: Mapping[str, Mapping[str, GivenDrawing]] = field(default_factory=dict)

    def digest(self, disclosure: str) -> str:
        """Keyed: from the database alone nobody can try out which words were written."""
        drawn = {ref: {item: one.trace for item, one in items.items()} for ref, items in self.drawings.items()}
        content = [self.values, self.words, disclosure, *([drawn] if drawn else [])]
        body = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return salted_hmac("openrapport.checkins.submission", body, algorithm="sha256").hexdigest()


@transaction.atomic
def open_check_in(
    *,
    actor: Actor,
    session: TherapySession,
    relationship: Relationship,
    respondent: User,
    role: RespondentRole,
    instruments: Sequence[str],
    now: datetime,
) -> CheckIn:
    """Ask one person about one session. Asking twice gives the same check-in."""
    check_in, made = CheckIn.objects.get_or_create(
        session=session,
        respondent=respondent,
        role=role,
        defaults={"relationship": relationship, "instruments": list(instruments), "opened_at": now},
    )
    if made:
        record(
            actor=actor,
            deed="open_check_in",
            about=relationship.pk,
            at=now,
            obj=check_in,
            subject=respondent,
            facts={"role": role, "session": session.number},
        )
    return check_in


@transaction.atomic(savepoint=False)
def append_answers(
    check_in: CheckIn,
    *,
    actor: Actor,
    given: GivenAnswers,
    disclosure: Disclosure,
    key: UUID,
    via: str,
    now: datetime,
    with_pass: CheckInPass | None = None,
) -> bool:
    """Record answers and scores once, and use up the pass. Returns False when this very submission is recorded already.

    Raises KeyConflict (same key, other content) or AlreadyAnswered (another key); in both cases nothing changes.
    """
    changes = {
        "submitted_at": now,
        "disclosure": str(disclosure),
        "visible_from": now if disclosure in (Disclosure.NOW, Disclosure.SUPERVISOR_ONLY) else None,
        "submission_key": key,
        "submission_hash": given.digest(disclosure),
        "via": via,
    }
    if not _MARK_SENT(pk=check_in.pk, **changes):
        _recognise(check_in, key=key, digest=given.digest(disclosure))
        return False
    for name, value in changes.items():
        setattr(check_in, name, value)
    line = next_line(
        actor=actor,
        deed="complete_check_in",
        about=check_in.relationship_id,
        at=now,
        obj=check_in,
        subject=check_in.respondent,
        facts={"disclosure": disclosure, "via": via},
    )
    used = [] if with_pass is None else [_MARK_USED.as_part(pk=with_pass.pk, used_at=now)]
    write(_answers(check_in, given), _scores(check_in, given), *used, *parts_of(line))
    _write_drawings(check_in, given)
    return True


def _unsent(*, pk: UUID, **changes: Any) -> tuple[QuerySet[CheckIn], dict[str, Any]]:
    """One statement that asks and writes, so that nobody comes in between."""
    same_key = CheckIn.objects.filter(submission_key=changes["submission_key"])
    return CheckIn.objects.filter(~Exists(same_key), pk=pk, submitted_at=None), changes


_MARK_SENT = PreparedUpdate(
    _unsent,
    pk=UUID,
    submitted_at=datetime,
    disclosure=str,
    visible_from=datetime,
    submission_key=UUID,
    submission_hash=str,
    via=str,
)


def _recognise(check_in: CheckIn, *, key: UUID, digest: str) -> None:
    """Nothing was written: either this very submission stands there, or another does."""
    current = CheckIn.objects.get(pk=check_in.pk)
    if current.is_submitted and current.submission_key != key:
        raise AlreadyAnswered(str(check_in.pk))
    if current.submission_hash != digest:
        raise KeyConflict(str(key))


def _answers(check_in: CheckIn, given: GivenAnswers) -> Write:
    values = [
        (new_id(), check_in.pk, ref, item, value, None)
        for ref, values in given.values.items()
        for item, value in values.items()
    ]
    words = [
        (new_id(), check_in.pk, ref, item, None, words)
        for ref, texts in given.words.items()
        for item, words in texts.items()
    ]
    return new_rows(Answer, ("id", "check_in_id", "instrument", "item", "value", "words"), [*values, *words])


def _write_drawings(check_in: CheckIn, given: GivenAnswers) -> None:
    for ref, items in given.drawings.items():
        for item, drawn in items.items():
            image = drawn.image
            Drawing.objects.create(
                check_in=check_in,
                instrument=ref,
                item=item,
                image=image.content if image is not None else None,
                width=image.width if image is not None else None,
                height=image.height if image is not None else None,
                picture=drawn.picture,
            )


def _scores(check_in: CheckIn, given: GivenAnswers) -> Write:
    rows = [
        (new_id(), check_in.pk, ref, result.code, result.answered, result.library, *_outcome(result))
        for ref in check_in.instruments
        for result in score(given.values.get(ref, {}), instrument_of(ref))
    ]
    known = ("id", "check_in_id", "instrument", "scale", "answered", "library_version")
    return new_rows(Score, (*known, "value", "not_scorable", "prorated", "at_ceiling", "straight_lined"), rows)


def _outcome(result: ScaleScore | NotScorable) -> tuple[float | None, str, bool, bool, bool]:
    if isinstance(result, NotScorable):
        return None, result.reason, False, False, False
    return result.value, "", result.prorated, result.ceiling, result.straight_lined


@transaction.atomic
def release_held_back(relationship: Relationship, *, actor: Actor, before_session: int, now: datetime) -> int:
    """Check-ins kept for the next session become readable when that session begins."""
    waiting = CheckIn.objects.select_for_update().filter(
        relationship=relationship,
        disclosure=Disclosure.NEXT_SESSION,
        visible_from=None,
        session__number__lt=before_session,
    )
    released = 0
    for check_in in waiting:
        check_in.visible_from = now
        check_in.save(update_fields=["visible_from"])
        record(
            actor=actor,
            deed="release_check_in",
            about=relationship.pk,
            at=now,
            obj=check_in,
            subject=check_in.respondent,
        )
        released += 1
    return released


@dataclass(frozen=True)
class IssuedPass:
    """A pass and its secret, which is known only now."""

    check_in_pass: CheckInPass
    secret: str


def issue_link(check_in: CheckIn, *, valid_for: timedelta, now: datetime) -> IssuedPass:
    return _issue(check_in, kind=PassKind.LINK, secret=new_token(), valid_for=valid_for, now=now)


def issue_kiosk_code(check_in: CheckIn, *, valid_for: timedelta, now: datetime) -> IssuedPass:
    """A short code to type on a handed-over device; an earlier code for the same check-in dies."""
    CheckInPass.objects.filter(check_in=check_in, kind=PassKind.KIOSK, used_at=None, revoked_at=None).update(
        revoked_at=now
    )
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    return _issue(check_in, kind=PassKind.KIOSK, secret=code, valid_for=valid_for, now=now)


def _issue(check_in: CheckIn, *, kind: PassKind, secret: str, valid_for: timedelta, now: datetime) -> IssuedPass:
    made = CheckInPass.objects.create(
        check_in=check_in, kind=kind, secret_hash=fingerprint(secret), made_at=now, expires_at=now + valid_for
    )
    return IssuedPass(made, secret)


def note_pass_opened(check_in_pass: CheckInPass, *, stays_open_for: timedelta, now: datetime) -> None:
    """Somebody began to answer: who opens in the last minute still gets time to finish, once."""
    if check_in_pass.opened_at is not None:
        return
    check_in_pass.opened_at = now
    check_in_pass.expires_at = max(check_in_pass.expires_at, now + stays_open_for)
    check_in_pass.save(update_fields=["opened_at", "expires_at"])


_MARK_USED = PreparedUpdate(
    lambda pk, used_at: (CheckInPass.objects.filter(pk=pk), {"used_at": used_at}), pk=UUID, used_at=datetime
)


def revoke_passes(relationship: Relationship, *, now: datetime) -> int:
    """Links die with the relationship."""
    return CheckInPass.objects.filter(check_in__relationship=relationship, used_at=None, revoked_at=None).update(
        revoked_at=now
    )
