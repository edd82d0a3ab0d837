"""Asking for a check-in, recording its answers and scores, releasing it, and the passes that open it."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from openrapport.analysis.scoring import NotScorable, score
from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import Answer, CheckIn, CheckInPass, Disclosure, PassKind, RespondentRole, Score
from openrapport.people.models import User
from openrapport.relationships.models import Relationship
from openrapport.sessions.models import TherapySession
from openrapport.shared.ids import fingerprint, new_token

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: they are misread on paper and glass
CODE_LENGTH = 6


class KeyConflict(Exception):
    """The same submission key came with other content, or belongs to another check-in."""


class AlreadyAnswered(Exception):
    """This check-in was sent before, under another key."""


@dataclass(frozen=True)
class GivenAnswers:
    """What somebody answered: values and words by instrument reference and item code. Skipped items are absent."""

    values: Mapping[str, Mapping[str, int]]
    words: Mapping[str, Mapping[str, str]]

    def digest(self, disclosure: str) -> str:
        """Keyed: from the database alone nobody can try out which words were written."""
        body = json.dumps([self.values, self.words, disclosure], sort_keys=True, ensure_ascii=False)
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


@transaction.atomic
def append_answers(
    check_in: CheckIn,
    *,
    actor: Actor,
    given: GivenAnswers,
    disclosure: Disclosure,
    key: UUID,
    via: str,
    now: datetime,
) -> bool:
    """Record answers and scores once. Returns False when this very submission is already recorded.

    Raises KeyConflict (same key, other content) or AlreadyAnswered (another key); in both cases nothing changes.
    """
    current = CheckIn.objects.select_for_update().get(pk=check_in.pk)
    digest = given.digest(disclosure)
    if current.is_submitted:
        if current.submission_key != key:
            raise AlreadyAnswered(str(check_in.pk))
        if current.submission_hash != digest:
            raise KeyConflict(str(key))
        return False
    if CheckIn.objects.filter(submission_key=key).exists():
        raise KeyConflict(str(key))
    check_in.submitted_at = now
    check_in.disclosure = disclosure
    check_in.visible_from = now if disclosure in (Disclosure.NOW, Disclosure.SUPERVISOR_ONLY) else None
    check_in.submission_key = key
    check_in.submission_hash = digest
    check_in.via = via
    check_in.save(
        update_fields=["submitted_at", "disclosure", "visible_from", "submission_key", "submission_hash", "via"]
    )
    _write_answers(check_in, given)
    _write_scores(check_in, given)
    record(
        actor=actor,
        deed="complete_check_in",
        about=check_in.relationship_id,
        at=now,
        obj=check_in,
        subject=check_in.respondent,
        facts={"disclosure": disclosure, "via": via},
    )
    return True


def _write_answers(check_in: CheckIn, given: GivenAnswers) -> None:
    rows = [
        Answer(check_in=check_in, instrument=ref, item=item, value=value)
        for ref, values in given.values.items()
        for item, value in values.items()
    ]
    rows += [
        Answer(check_in=check_in, instrument=ref, item=item, words=words)
        for ref, texts in given.words.items()
        for item, words in texts.items()
    ]
    Answer.objects.bulk_create(rows)


def _write_scores(check_in: CheckIn, given: GivenAnswers) -> None:
    rows = []
    for ref in check_in.instruments:
        instrument = instrument_of(ref)
        for result in score(given.values.get(ref, {}), instrument):
            row = Score(
                check_in=check_in,
                instrument=ref,
                scale=result.code,
                answered=result.answered,
                library_version=result.library,
            )
            if isinstance(result, NotScorable):
                row.not_scorable = result.reason
            else:
                row.value = result.value
                row.prorated = result.prorated
                row.at_ceiling = result.ceiling
                row.straight_lined = result.straight_lined
            rows.append(row)
    Score.objects.bulk_create(rows)


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


def mark_pass_used(check_in_pass: CheckInPass, *, now: datetime) -> None:
    check_in_pass.used_at = now
    check_in_pass.save(update_fields=["used_at"])


def revoke_passes(relationship: Relationship, *, now: datetime) -> int:
    """Links die with the relationship."""
    return CheckInPass.objects.filter(check_in__relationship=relationship, used_at=None, revoked_at=None).update(
        revoked_at=now
    )
