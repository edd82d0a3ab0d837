"""A person with an account. What they may do comes from memberships and relationships, never from here."""

from datetime import UTC, date, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from openrapport.shared.models import Record


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(Record, AbstractBaseUser):
    """Signs in by e-mail code or passkey. A young child has no e-mail and answers on a handed-over device."""

    display_name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    birth_date = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_email")]

    def __str__(self) -> str:
        return f"user {self.pk}"  # never a name: this line ends up in logs

    @property
    def short_name(self) -> str:
        return self.display_name.split()[0] if self.display_name.strip() else ""

    def get_short_name(self) -> str:
        return self.short_name

    def get_full_name(self) -> str:
        return self.display_name

    @property
    def zone(self) -> tzinfo:
        """Where times are shown for this person; a zone unknown to this machine falls back to UTC."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def age_on(self, day: date) -> int | None:
        if self.birth_date is None:
            return None
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (0 if had_birthday else 1)
