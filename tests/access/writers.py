"""Every function that may write, and those that leave no line in the audit log of their own, with the reason."""

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import openrapport

_BY_ITS_WORKFLOW = "the workflow that calls it writes the line"
_WITH_ITS_CAUSE = "queued, sent or taken back beside a deed that has its line"
_READS = "writes nothing"
WITHOUT_A_LINE = {
    "audit.actions.record": "is the line",
    "audit.actions.record_many": "is the lines",
    "audit.actions.next_line": "is the line before it is written",
    "audit.actions.parts_of": "is the line before it is written",
    "audit.actions.hash_of": _READS,
    "relationships.actions.lock_relationship": _READS,
    "people.actions.create_user": _BY_ITS_WORKFLOW,
    "people.actions.change_profile": _BY_ITS_WORKFLOW,
    "people.actions.change_email": _BY_ITS_WORKFLOW,
    "people.actions.end_every_sign_in": _BY_ITS_WORKFLOW,
    "people.actions.deactivate_user": _BY_ITS_WORKFLOW,
    "people.actions.reactivate_user": _BY_ITS_WORKFLOW,
    "checkins.actions.issue_link": _BY_ITS_WORKFLOW,
    "checkins.actions.issue_kiosk_code": _BY_ITS_WORKFLOW,
    "checkins.actions.note_pass_opened": _BY_ITS_WORKFLOW,
    "checkins.actions.revoke_passes": _BY_ITS_WORKFLOW,
    "notices.actions.queue_notice": _WITH_ITS_CAUSE,
    "notices.actions.queue_mail": _WITH_ITS_CAUSE,
    "notices.actions.queue_code": _WITH_ITS_CAUSE,
    "notices.actions.readdress_notices": _WITH_ITS_CAUSE,
    "notices.actions.forget_spent_codes": "what ran out is swept away; it says nothing about anybody",
    "notices.actions.cancel_notices": _WITH_ITS_CAUSE,
    "notices.actions.cancel_notices_to": _WITH_ITS_CAUSE,
    "workflows.accept_invitation.invitation_behind": _READS,
    "workflows.accept_invitation.audience_of": _READS,
    "workflows.accept_invitation.supervisors_behind": _READS,
    "workflows.invite_by_mail.link_of": _READS,
    "workflows.invite_by_mail.mail_invitation": _WITH_ITS_CAUSE,
    "workflows.invite_client.audience_at": _READS,
    "workflows.invite_client.local_day": _READS,
    "workflows.invite_client.refuse_own_address": _READS,
    "workflows.invite_client.refuse_address_of_guardian": _READS,
    "workflows.invite_client.works_together": _READS,
    "workflows.change_address.is_free_for": _READS,
    "workflows.change_address.mail_address_code": "asking for a code changes nothing yet",
    "workflows.mail_sign_in_code.mail_sign_in_code": "whoever asks has not signed in: nobody is known who did it",
    "workflows.rotate_keys.encrypted_fields": _READS,
    "workflows.tell_of_sign_in_ways.tell_of_sign_in_ways": _WITH_ITS_CAUSE,
    "workflows.open_after_session.mail_link": _WITH_ITS_CAUSE,
}


def public_functions() -> set[str]:
    found = set()
    for package in pkgutil.walk_packages(openrapport.__path__, "openrapport."):
        short = package.name.removeprefix("openrapport.")
        if not (short.startswith("workflows.") or short.endswith(".actions")) or ".tests" in short or "web." in short:
            continue
        found |= {f"{short}.{name}" for name in _written_in(import_module(package.name))}
    return found


def _written_in(module: ModuleType) -> set[str]:
    functions = inspect.getmembers(module, inspect.isfunction)
    return {name for name, one in functions if inspect.unwrap(one).__module__ == module.__name__ and name[0] != "_"}
