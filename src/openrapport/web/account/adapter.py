"""Our manners at allauth's two doors: sign-up only by invitation, discreet mail, secrets encrypted at rest."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from openrapport.audit.actor import Actor
from openrapport.people.models import User
from openrapport.shared.encrypted import box
from openrapport.workflows.mail_sign_in_code import mail_sign_in_code
from openrapport.workflows.tell_of_sign_in_ways import record_change_of_sign_in_ways

# What allauth would write a letter about: the word in the log, and the kind of notice.
CHANGES = {
    "mfa/email/webauthn_added": ("passkey_added", "sign_in_way_added"),
    "mfa/email/webauthn_removed": ("passkey_removed", "sign_in_way_removed"),
    "mfa/email/totp_activated": ("app_codes_added", "sign_in_way_added"),
    "mfa/email/totp_deactivated": ("app_codes_removed", "sign_in_way_removed"),
    "mfa/email/recovery_codes_generated": ("recovery_codes_renewed", "recovery_codes_renewed"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("That code is not right. Look at the newest mail from us and type it again."),
        "too_many_login_attempts": _("That was tried too many times. Wait a few minutes, then ask for a new code."),
        "rate_limited": _("That was a lot of tries in a short time. Please wait a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing is mailed inside a request. Of allauth's letters only the one with the code is ever asked for."""
        if template_prefix != "account/email/login_code":
            raise LookupError(f"No letter {template_prefix!r} is written; see notices/messages.py.")
        self.mail_code(email, context["code"])

    def mail_code(self, email: str, code: str | None = None) -> None:
        """Without a code it is for an address that has no account, and takes as long."""
        code = code or self.generate_login_code()
        mail_sign_in_code(email, code=code, language=get_language() or "en", now=timezone.now())

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        change, notice = CHANGES[template_prefix]
        record_change_of_sign_in_ways(user, change=change, notice=notice, actor=Actor(user=user), now=timezone.now())

    def get_user_search_fields(self) -> list[str]:
        return ["email"]


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That did not match. Please try once more."),
    }

    def encrypt(self, text: str) -> str:
        return box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return box().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 - allauth's own word
        return gettext("My device")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": settings.EMAIL_FROM_NAME}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": user.display_name}
