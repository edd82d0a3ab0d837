"""Every function that writes, and a way to call it: for the proof that no deed goes without its line in the log.

A public function in an `actions.py` or in `workflows/` has to stand here: in DEEDS with a way to call it, or in
WITHOUT_A_LINE (writers.py) with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.checkins import actions as checkins
from openrapport.checkins.models import CheckIn, Disclosure, Drawing, RespondentRole
from openrapport.practices import actions as practices
from openrapport.practices.models import InvitedAs, Membership, Role, Supervision
from openrapport.relationships import actions as relationships
from openrapport.relationships.models import Audience, Guardianship, Relationship, State
from openrapport.reports import actions as reports
from openrapport.reports.course import read_course
from openrapport.reports.models import FEWEST_RELATIONSHIPS
from openrapport.sessions import actions as sessions
from openrapport.signals import actions as signals
from openrapport.signals.models import Signal
from openrapport.workflows import (
    accept_invitation,
    change_address,
    change_profile,
    change_relationship_state,
    complete_check_in,
    deactivate_person,
    end_staff_role,
    hand_over_device,
    invite_by_mail,
    invite_client,
    invite_guardian,
    invite_staff,
    open_after_session,
    open_by_code,
    read_record,
    reset_second_factor,
    rotate_keys,
    set_up_practice,
    tell_of_sign_in_ways,
)
from tests.cast import NOON, SETUP, Cast, viewer
from tests.check_ins import answer, given_for, hold_session, live_through, of
from tests.many_relationships import add_relationships, draw_courses

LATER = NOON + timedelta(days=7)
Deed = Callable[[], object]


@dataclass(frozen=True)
class Stage:
    """The cast with something going on: a drop in the scores, an open check-in, an open invitation."""

    cast: Cast
    asked: CheckIn
    waiting: CheckIn
    signal: Signal
    invited: practices.Invited

    @property
    def sam(self) -> Relationship:
        return Relationship.objects.select_related("practice", "client", "therapist").get(pk=self.cast.sam_with_maya.pk)


def set_stage(cast: Cast) -> Stage:
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 4))
    waiting = of(hold_session(cast.sam_with_maya, at=NOON - timedelta(days=1)), RespondentRole.CLIENT)
    answer(waiting, at=NOON - timedelta(days=1), disclosure=Disclosure.NEXT_SESSION)
    invited = invite_client.invite_client(
        actor=Actor(user=cast.maya),
        practice=cast.willow,
        client=invite_client.NewClient("Nell", "nell@example.test", NOON.date().replace(year=1980), "en"),
        now=NOON,
    )
    assert isinstance(invited, practices.Invited)
    asked = of(hold_session(cast.ben_with_maya, at=NOON), RespondentRole.CLIENT)
    Authenticator.objects.create(user=cast.sol, type=Authenticator.Type.TOTP, data={})
    return Stage(cast, asked, waiting, Signal.objects.get(relationship=cast.sam_with_maya, kind="rupture"), invited)


def _admins(stage: Stage) -> Actor:
    return Actor(user=stage.cast.ada)


def _mayas(stage: Stage) -> Actor:
    return Actor(user=stage.cast.maya)


def _membership(stage: Stage) -> Membership:
    return Membership.objects.select_related("practice", "user").get(user=stage.cast.tom)


def _send(stage: Stage, via: Callable[..., object]) -> object:
    given = given_for(stage.asked, alliance=6, words="a word")
    chosen = {"given": given, "disclosure": Disclosure.NOW, "key": uuid4(), "now": NOON}
    return via(check_in=stage.asked, actor=Actor(user=stage.asked.respondent), **chosen)


def _move(name: str) -> Callable[[Stage], object]:
    """Each move of a signal, from a state that allows it."""

    def deed(stage: Stage) -> object:
        move = getattr(signals, name)
        if name in ("mark_seen", "mark_talked_about"):
            return move(stage.signal, actor=_mayas(stage), now=NOON)
        return move(stage.signal, actor=_mayas(stage), now=NOON, reason="it was the weather")

    return deed


def _reopen(stage: Stage) -> object:
    Signal.objects.filter(pk=stage.signal.pk).update(state="resolved")
    stage.signal.refresh_from_db()
    return signals.reopen(stage.signal, actor=_mayas(stage), now=NOON, reason="it came back")


def _accept(stage: Stage) -> object:
    new = accept_invitation.NewAccount("Nell", "en", "Europe/Madrid")
    return accept_invitation.accept_invitation(stage.invited.invitation, now=NOON, new_account=new)


def _read(stage: Stage) -> object:
    course = read_course(viewer(stage.cast.maya), stage.sam)
    return read_record.record_reading_of_check_ins(
        course.check_ins, relationship=stage.sam, actor=_mayas(stage), now=NOON
    )


def _refit(stage: Stage) -> object:
    """As many relationships as a practice's own curve takes."""
    add_relationships(stage.cast.willow, stage.cast.tom, draw_courses(FEWEST_RELATIONSHIPS, 3))
    return reports.refit_curves(actor=SETUP, now=NOON)


def _look_at_drawing(stage: Stage) -> object:
    drawing = Drawing(check_in=stage.waiting, instrument="alliance-child@1", item="drawing", picture="sun")
    return read_record.record_reading_of_drawing(drawing, actor=_mayas(stage), now=NOON)


DEEDS: dict[str, Callable[[Stage], object]] = {
    "relationships.actions.begin_relationship": lambda s: relationships.begin_relationship(
        actor=SETUP,
        practice=s.cast.willow,
        client=s.cast.lena,
        therapist=s.cast.maya,
        audience=Audience.ADULT,
        now=NOON,
    ),
    "relationships.actions.move_relationship": lambda s: relationships.move_relationship(
        s.sam, actor=_mayas(s), to_state=State.PAUSED, now=NOON
    ),
    "relationships.actions.record_that_client_was_told_of_supervision": lambda s: (
        relationships.record_that_client_was_told_of_supervision(s.cast.ben_with_maya, actor=_mayas(s), now=NOON)
    ),
    "relationships.actions.name_guardian": lambda s: relationships.name_guardian(
        actor=SETUP,
        practice=s.cast.willow,
        client=s.cast.kit,
        guardian=s.cast.hugo,
        has_legal_custody=False,
        now=NOON,
    ),
    "relationships.actions.end_guardianship": lambda s: relationships.end_guardianship(
        Guardianship.objects.get(guardian=s.cast.gwen), actor=SETUP, now=NOON
    ),
    "sessions.actions.add_session": lambda s: sessions.add_session(
        actor=_mayas(s), relationship=s.sam, starts_at=NOON, now=NOON
    ),
    "checkins.actions.open_check_in": lambda s: checkins.open_check_in(
        actor=SETUP,
        session=s.waiting.session,
        relationship=s.sam,
        respondent=s.cast.gita,
        role=RespondentRole.GUARDIAN,
        instruments=["alliance-guardian@1"],
        now=NOON,
    ),
    "checkins.actions.append_answers": lambda s: _send(
        s, transaction.atomic(lambda **words: checkins.append_answers(words.pop("check_in"), via="page", **words))
    ),
    "checkins.actions.release_held_back": lambda s: checkins.release_held_back(
        s.sam, actor=SETUP, before_session=99, now=NOON
    ),
    "signals.actions.review_signals": lambda s: signals.review_signals(_with_new_answers(s), actor=SETUP, now=LATER),
    "signals.actions.mark_seen": _move("mark_seen"),
    "signals.actions.mark_talked_about": _move("mark_talked_about"),
    "signals.actions.resolve": _move("resolve"),
    "signals.actions.dismiss": _move("dismiss"),
    "signals.actions.reopen": _reopen,
    "reports.actions.refit_curves": _refit,
    "signals.actions.escalate_unseen": lambda s: signals.escalate_unseen(actor=SETUP, now=LATER),
    "signals.actions.review_all": lambda s: (_with_new_answers(s), signals.review_all(actor=SETUP, now=LATER)),
    "practices.actions.found_practice": lambda s: practices.found_practice(
        actor=SETUP, name="Third", country="ES", time_zone="Europe/Madrid", language="es", now=NOON
    ),
    "practices.actions.change_rules": lambda s: practices.change_rules(
        s.cast.willow, actor=_admins(s), now=NOON, link_valid_hours=24
    ),
    "practices.actions.give_role": lambda s: practices.give_role(
        actor=_admins(s), practice=s.cast.willow, user=s.cast.tom, role=Role.SUPERVISOR, now=NOON
    ),
    "practices.actions.end_role": lambda s: practices.end_role(_membership(s), actor=_admins(s), now=NOON),
    "practices.actions.begin_supervision": lambda s: practices.begin_supervision(
        actor=_admins(s), practice=s.cast.willow, supervisor=s.cast.sol, therapist=s.cast.tom, now=NOON
    ),
    "practices.actions.end_supervision": lambda s: practices.end_supervision(
        Supervision.objects.get(), actor=_admins(s), now=NOON
    ),
    "practices.actions.invite": lambda s: practices.invite(
        actor=_admins(s),
        practice=s.cast.willow,
        invited_as=InvitedAs.THERAPIST,
        name="Pia",
        email="pia@example.test",
        language="en",
        now=NOON,
    ),
    "practices.actions.renew_invitation": lambda s: practices.renew_invitation(
        s.invited.invitation, actor=_mayas(s), now=NOON
    ),
    "practices.actions.revoke_invitation": lambda s: practices.revoke_invitation(
        s.invited.invitation, actor=_mayas(s), now=NOON
    ),
    "practices.actions.mark_accepted": lambda s: practices.mark_accepted(
        s.invited.invitation, actor=Actor(user=s.cast.lena), user=s.cast.lena, now=NOON
    ),
    "workflows.accept_invitation.accept_invitation": _accept,
    "workflows.change_address.change_address": lambda s: change_address.change_address(
        s.cast.sam, address="samuel@example.test", actor=Actor(user=s.cast.sam), now=NOON
    ),
    "workflows.tell_of_sign_in_ways.record_change_of_sign_in_ways": lambda s: (
        tell_of_sign_in_ways.record_change_of_sign_in_ways(
            s.cast.sam,
            change="passkey_added",
            notice="sign_in_way_added",
            actor=Actor(user=s.cast.sam),
            now=NOON,
        )
    ),
    "workflows.change_profile.change_profile": lambda s: change_profile.change_profile(
        s.cast.sam, actor=Actor(user=s.cast.sam), now=NOON, display_name="Samuel", language="es", time_zone="UTC"
    ),
    "workflows.change_relationship_state.change_relationship_state": lambda s: (
        change_relationship_state.change_relationship_state(
            actor=_mayas(s), relationship=s.cast.ben_with_maya, to_state=State.PAUSED, now=NOON
        )
    ),
    "workflows.change_relationship_state.pause_work_of": lambda s: change_relationship_state.pause_work_of(
        s.cast.maya, actor=_admins(s), now=NOON
    ),
    "workflows.complete_check_in.complete_check_in": lambda s: _send(s, complete_check_in.complete_check_in),
    "workflows.deactivate_person.deactivate_person": lambda s: deactivate_person.deactivate_person(
        s.cast.maya, actor=_admins(s), practice=s.cast.willow, now=NOON
    ),
    "workflows.deactivate_person.reactivate_person": lambda s: deactivate_person.reactivate_person(
        s.cast.maya, actor=_admins(s), practice=s.cast.willow, now=NOON
    ),
    "workflows.end_staff_role.end_staff_role": lambda s: end_staff_role.end_staff_role(
        Membership.objects.get(user=s.cast.maya), actor=_admins(s), now=NOON
    ),
    "workflows.hand_over_device.hand_over_device": lambda s: hand_over_device.hand_over_device(
        actor=_mayas(s), relationship=s.cast.ben_with_maya, now=NOON
    ),
    "workflows.invite_by_mail.send_invitation_again": lambda s: invite_by_mail.send_invitation_again(
        s.invited.invitation, actor=_mayas(s), now=NOON
    ),
    "workflows.invite_by_mail.take_back_invitation": lambda s: invite_by_mail.take_back_invitation(
        s.invited.invitation, actor=_mayas(s), now=NOON
    ),
    "workflows.invite_client.invite_client": lambda s: invite_client.invite_client(
        actor=_mayas(s),
        practice=s.cast.willow,
        client=invite_client.NewClient("Little", "", NOON.date().replace(year=2020), "en"),
        now=NOON,
    ),
    "workflows.invite_guardian.invite_guardian": lambda s: invite_guardian.invite_guardian(
        actor=_mayas(s),
        relationship=s.cast.kit_with_maya,
        name="Rob",
        email="rob@example.test",
        language="en",
        has_legal_custody=True,
        now=NOON,
    ),
    "workflows.invite_staff.invite_staff": lambda s: invite_staff.invite_staff(
        actor=_admins(s),
        practice=s.cast.willow,
        role=Role.ADMIN,
        name="Pia",
        email="pia@example.test",
        language="en",
        now=NOON,
    ),
    "workflows.open_after_session.open_after_session": lambda s: open_after_session.open_after_session(
        actor=_mayas(s), relationship=s.sam, starts_at=NOON, now=NOON
    ),
    "workflows.open_by_code.open_by_code": lambda s: open_by_code.open_by_code(
        checkins.issue_kiosk_code(s.asked, valid_for=timedelta(minutes=5), now=NOON).check_in_pass, now=NOON
    ),
    "workflows.read_record.record_reading_of_check_ins": _read,
    "workflows.read_record.record_reading_of_drawing": _look_at_drawing,
    "workflows.read_record.record_glance_at_scores": lambda s: read_record.record_glance_at_scores(
        [s.sam], actor=_mayas(s), now=NOON
    ),
    "workflows.read_record.record_reading_of_signal": lambda s: read_record.record_reading_of_signal(
        s.signal, actor=_mayas(s), now=NOON
    ),
    "workflows.reset_second_factor.reset_second_factor": lambda s: reset_second_factor.reset_second_factor(
        s.cast.sol, actor=_admins(s), now=NOON
    ),
    "workflows.rotate_keys.rotate_keys": lambda s: rotate_keys.rotate_keys(actor=SETUP, now=NOON),
    "workflows.set_up_practice.set_up_practice": lambda s: set_up_practice.set_up_practice(
        actor=SETUP,
        name="Third",
        country="ES",
        time_zone="Europe/Madrid",
        language="es",
        administrator_name="Eva",
        administrator_email="eva@example.test",
        works_alone=True,
        now=NOON,
    ),
}


def _with_new_answers(stage: Stage) -> Relationship:
    """Back in the band since the signal: the review notes the recovery."""
    CheckIn.objects.filter(pk=stage.waiting.pk).update(visible_from=NOON)
    return stage.sam
