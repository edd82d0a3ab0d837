"""The way back in for somebody who lost everything they sign in with."""

import sys
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail

from openrapport.audit.models import AuditLine
from openrapport.commands import UNDERSTOOD_WRONG, CommandError
from openrapport.commands.reset_second_factor import reset
from openrapport.commands.tests.running import openrapport
from openrapport.commands.tests.test_setup import setup
from openrapport.notices.delivery import deliver_due
from tests.browsing import browser_of
from tests.cast import NOON, Cast

MAYA = "maya@example.test"


def give_factors(cast: Cast) -> None:
    for kind in (Authenticator.Type.WEBAUTHN, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=cast.maya, type=kind, data={})


def answer_with(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: typed)


def lines() -> list[AuditLine]:
    return list(AuditLine.objects.filter(deed="reset_second_factor"))


def test_every_factor_goes_and_every_device_is_signed_out(cast: Cast) -> None:
    others = browser_of(cast.tom)
    listed, unlisted = browser_of(cast.maya), browser_of(cast.maya)
    give_factors(cast)
    listed.get("/account/devices/")
    UserSession.objects.exclude(session_key=listed.session.session_key).filter(user=cast.maya).delete()
    said = reset(MAYA.upper(), sure=True, now=NOON)
    assert "passkeys 2, app codes 1, sets of recovery codes 1" in said
    assert not Authenticator.objects.filter(user=cast.maya).exists()
    for browser in (listed, unlisted):
        assert browser.get("/account/")["Location"].startswith("/account/sign-in/")
    assert others.get("/caseload/").status_code == 200
    assert Authenticator.objects.filter(user=cast.tom).exists()


def test_the_log_keeps_that_it_was_done_and_counts(cast: Cast) -> None:
    give_factors(cast)
    reset(MAYA, sure=True, now=NOON)
    (line,) = lines()
    assert (line.actor, line.via, line.about, line.subject) == (
        "job:reset-second-factor",
        "job",
        cast.maya.pk,
        cast.maya,
    )
    assert line.facts == {"passkeys": 2, "app_codes": 0, "recovery_codes": 1, "devices": 0}


def test_the_address_typed_again_confirms(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    give_factors(cast)
    answer_with("somebody@example.test", monkeypatch)
    with pytest.raises(CommandError, match="not the same address"):
        reset(MAYA, sure=False, now=NOON)
    assert Authenticator.objects.filter(user=cast.maya).count() == 3
    answer_with(" Maya@Example.test ", monkeypatch)
    reset(MAYA, sure=False, now=NOON)
    assert not Authenticator.objects.filter(user=cast.maya).exists()


def test_a_script_has_to_say_yes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    give_factors(cast)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(CommandError, match="--yes"):
        reset(MAYA, sure=False, now=NOON)
    assert lines() == []


@pytest.mark.parametrize(
    ("email", "hint"), [("nobody@example.test", "No account"), ("", "No account"), (MAYA, "nothing to reset")]
)
def test_where_there_is_nothing_to_do_one_line_says_so(cast: Cast, email: str, hint: str) -> None:
    with pytest.raises(CommandError, match=hint):
        reset(email, sure=True, now=NOON)
    assert lines() == []


def test_a_closed_account_stays_as_it_is(cast: Cast) -> None:
    give_factors(cast)
    cast.maya.is_active = False
    cast.maya.save(update_fields=["is_active"])
    with pytest.raises(CommandError, match="is closed"):
        reset(MAYA, sure=True, now=NOON)
    assert Authenticator.objects.filter(user=cast.maya).count() == 3


@pytest.mark.long
def test_an_unknown_address_is_one_clear_line_at_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert setup(folder)[0] == 0
    ran = openrapport("reset-second-factor", "nobody@example.test", "--yes", "--data", str(folder), cwd=tmp_path)
    assert ran.returncode == UNDERSTOOD_WRONG
    assert ran.stderr.strip().splitlines() == ["No account has the address 'nobody@example.test'."]


def test_the_person_hears_of_it_by_mail(cast: Cast) -> None:
    give_factors(cast)
    reset(MAYA, sure=True, now=NOON)
    deliver_due(now=NOON)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([MAYA], "Your ways to sign in were reset")
