"""Founding a practice, its rules, roles, supervision and invitations."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.people.models import User
from openrapport.practices.models import Invitation, InvitedAs, Membership, Practice, PracticeRules, Role, Supervision
from openrapport.practices.queries import rules_of
from openrapport.shared.ids import fingerprint, new_token


class LastAdministrator(Exception):
    """A practice keeps at least one administrator."""


class InvitationClosed(Exception):
    """The invitation was accepted, taken back, or has expired."""


@transaction.atomic
def found_practice(*, actor: Actor, name: str, country: str, time_zone: str, language: str, now: datetime) -> Practice:
    practice = Practice.objects.create(
        name=name, country=country.upper(), time_zone=time_zone, language=language, created_at=now
    )
    PracticeRules.objects.create(practice=practice, version=1, in_force_since=now, made_by=actor.label)
    record(actor=actor, deed="found_practice", about=practice.pk, at=now, obj=practice)
    return practice


@transaction.atomic
def change_rules(practice: Practice, *, actor: Actor, now: datetime, **changes: int) -> PracticeRules:
    """Append a new version of the practice's rules; the older ones stay."""
    current = rules_of(practice)
    kept = {
        f.name: getattr(current, f.name)
        for f in PracticeRules._meta.concrete_fields
        if f.name not in {"id", "practice", "version", "in_force_since", "made_by"}
    }
    newer = PracticeRules.objects.create(
        practice=practice,
        version=current.version + 1,
        in_force_since=now,
        made_by=actor.label,
        **{**kept, **changes},
    )
    record(actor=actor, deed="change_rules", about=practice.pk, at=now, obj=newer, facts={"version": newer.version})
    return newer


@transaction.atomic
def give_role(*, actor: Actor, practice: Practice, user: User, role: Role, now: datetime) -> Membership:
    membership, made = Membership.objects.get_or_create(
        practice=practice, user=user, role=role, until=None, defaults={"since": now}
    )
    if made:
        record(
            actor=actor, deed="give_role", about=practice.pk, at=now, obj=membership, subject=user, facts={"role": role}
        )
    return membership


@transaction.atomic
def end_role(membership: Membership, *, actor: Actor, now: datetime) -> None:
    if membership.role == Role.ADMIN:
        others = Membership.objects.select_for_update().filter(
            practice=membership.practice, role=Role.ADMIN, until=None, user__is_active=True
        )
        if not others.exclude(pk=membership.pk).exists():
            raise LastAdministrator(membership.practice.name)
    membership.until = now
    membership.save(update_fields=["until"])
    record(
        actor=actor,
        deed="end_role",
        about=membership.practice_id,
        at=now,
        obj=membership,
        subject=membership.user,
        facts={"role": membership.role},
    )


@transaction.atomic
def begin_supervision(
    *, actor: Actor, practice: Practice, supervisor: User, therapist: User, now: datetime
) -> Supervision:
    supervision, made = Supervision.objects.get_or_create(
        practice=practice, supervisor=supervisor, therapist=therapist, until=None, defaults={"since": now}
    )
    if made:
        record(actor=actor, deed="begin_supervision", about=practice.pk, at=now, obj=supervision)
    return supervision


@transaction.atomic
def end_supervision(supervision: Supervision, *, actor: Actor, now: datetime) -> None:
    supervision.until = now
    supervision.save(update_fields=["until"])
    record(actor=actor, deed="end_supervision", about=supervision.practice_id, at=now, obj=supervision)


@dataclass(frozen=True)
class Invited:
    """The invitation and its secret; the secret is known only now, the database keeps its fingerprint."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite(
    *,
    actor: Actor,
    practice: Practice,
    invited_as: InvitedAs,
    name: str,
    email: str,
    language: str,
    now: datetime,
    therapist: User | None = None,
    client: User | None = None,
    birth_date: date | None = None,
    has_legal_custody: bool | None = None,
) -> Invited:
    assert actor.user is not None
    token = new_token()
    invitation = Invitation.objects.create(
        practice=practice,
        invited_as=invited_as,
        name=name.strip(),
        email=email.strip().lower(),
        language=language,
        invited_by=actor.user,
        therapist=therapist,
        client=client,
        birth_date=birth_date,
        has_legal_custody=has_legal_custody,
        token_hash=fingerprint(token),
        created_at=now,
        expires_at=now + timedelta(days=rules_of(practice).invitation_valid_days),
    )
    record(
        actor=actor,
        deed="invite",
        about=practice.pk,
        at=now,
        obj=invitation,
        facts={"invited_as": invitation.invited_as},
    )
    return Invited(invitation, token)


@transaction.atomic
def renew_invitation(invitation: Invitation, *, actor: Actor, now: datetime) -> Invited:
    """A new link with a new term; the older link opens nothing any more."""
    _lock_open(invitation)
    token = new_token()
    invitation.token_hash = fingerprint(token)
    invitation.expires_at = now + timedelta(days=rules_of(invitation.practice).invitation_valid_days)
    invitation.times_sent += 1
    invitation.save(update_fields=["token_hash", "expires_at", "times_sent"])
    record(actor=actor, deed="renew_invitation", about=invitation.practice_id, at=now, obj=invitation)
    return Invited(invitation, token)


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, actor: Actor, now: datetime) -> None:
    _lock_open(invitation)
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    record(actor=actor, deed="revoke_invitation", about=invitation.practice_id, at=now, obj=invitation)


@transaction.atomic
def mark_accepted(invitation: Invitation, *, actor: Actor, user: User, now: datetime) -> None:
    _lock_open(invitation)
    if invitation.expires_at <= now:
        raise InvitationClosed(str(invitation.pk))
    invitation.accepted_at, invitation.accepted_by = now, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    record(actor=actor, deed="accept_invitation", about=invitation.practice_id, at=now, obj=invitation, subject=user)


def _lock_open(invitation: Invitation) -> None:
    current = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if current.accepted_at is not None or current.revoked_at is not None:
        raise InvitationClosed(str(invitation.pk))
