"""Accounts are made by an invitation or by setup, and closed without deleting what was written under them."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from openrapport.people.models import User


class EmailTaken(Exception):
    """Another account has this address."""


def create_user(
    *,
    display_name: str,
    email: str | None,
    language: str,
    time_zone: str,
    now: datetime,
    birth_date: date | None = None,
) -> User:
    address = email.strip().lower() if email else None
    if address and User.objects.filter(email__iexact=address).exists():
        raise EmailTaken(address)
    user = User(
        display_name=display_name.strip(),
        email=address,
        language=language,
        time_zone=time_zone,
        birth_date=birth_date,
        created_at=now,
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    return user


def change_profile(user: User, *, display_name: str, language: str, time_zone: str) -> tuple[str, ...]:
    """The names of the fields that were different; nothing is written when none was."""
    wanted = {"display_name": display_name.strip(), "language": language, "time_zone": time_zone}
    changed = tuple(name for name, value in wanted.items() if getattr(user, name) != value)
    for name in changed:
        setattr(user, name, wanted[name])
    if changed:
        user.save(update_fields=list(changed))
    return changed


def change_email(user: User, *, email: str) -> None:
    """Raises EmailTaken, also when somebody else took the address a moment before."""
    before, user.email = user.email, email.strip().lower()
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        user.email = before
        raise EmailTaken(email) from None


def end_every_sign_in(user: User) -> None:
    """Nobody types this password. Sessions are bound to it, so with a new one none of them counts any more."""
    user.set_unusable_password()
    user.save(update_fields=["password"])


def deactivate_user(user: User, *, now: datetime) -> None:
    user.is_active = False
    user.deactivated_at = now
    user.save(update_fields=["is_active", "deactivated_at"])


def reactivate_user(user: User) -> None:
    user.is_active = True
    user.deactivated_at = None
    user.save(update_fields=["is_active", "deactivated_at"])
