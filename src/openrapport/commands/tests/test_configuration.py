import os
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from openrapport.commands.configuration import add_settings, load_environment, new_keys, read_settings, settings_file
from openrapport.commands.tests.running import openrapport
from openrapport.config.environment import ConfigurationError, encryption_keys, mail_transport, secret


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OPENRAPPORT_")]:
        monkeypatch.setenv(name, "")  # so that it comes back afterwards
        monkeypatch.delenv(name)


def test_settings_are_read_back_as_written(tmp_path: Path):
    path = settings_file(tmp_path / "data")
    add_settings(path, {"OPENRAPPORT_SECRET_KEY": "a=b#c"})
    add_settings(path, {"OPENRAPPORT_SMTP_HOST": "mail.example.test"})
    assert read_settings(path) == {"OPENRAPPORT_SECRET_KEY": "a=b#c", "OPENRAPPORT_SMTP_HOST": "mail.example.test"}


def test_only_the_owner_may_read_the_settings(tmp_path: Path):
    path = settings_file(tmp_path)
    add_settings(path, new_keys())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_setting_is_added_below_a_last_line_without_end(tmp_path: Path):
    path = settings_file(tmp_path)
    path.write_text("OPENRAPPORT_SMTP_PORT=25")
    add_settings(path, {"OPENRAPPORT_SMTP_HOST": "mail"})
    assert read_settings(path) == {"OPENRAPPORT_SMTP_PORT": "25", "OPENRAPPORT_SMTP_HOST": "mail"}


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings_file(tmp_path).write_text("OPENRAPPORT_SMTP_HOST=from-file\nOPENRAPPORT_SMTP_PORT='25'\n")
    monkeypatch.setenv("OPENRAPPORT_SMTP_HOST", "from-environment")
    monkeypatch.setenv("OPENRAPPORT_SMTP_PORT", "")
    monkeypatch.delenv("OPENRAPPORT_SMTP_PORT")
    monkeypatch.setenv("OPENRAPPORT_DATA", "")
    before = os.umask(0o022)
    try:
        assert load_environment(tmp_path) == tmp_path
    finally:
        os.umask(before)
    assert os.environ["OPENRAPPORT_SMTP_HOST"] == "from-environment"
    assert os.environ["OPENRAPPORT_SMTP_PORT"] == "25"


def test_a_line_that_is_no_setting_is_named(tmp_path: Path):
    path = settings_file(tmp_path)
    path.write_text("# fine\n\nOPENRAPPORT_SMTP_HOST mail\n")
    with pytest.raises(ConfigurationError, match="line 3"):
        read_settings(path)


def test_new_keys_are_strong_enough_to_start_with_and_never_the_same(monkeypatch: pytest.MonkeyPatch):
    first, second = new_keys(), new_keys()
    assert not set(first.values()) & set(second.values())
    for name, value in first.items():
        monkeypatch.setenv(name, value)
    assert secret("OPENRAPPORT_SECRET_KEY") == first["OPENRAPPORT_SECRET_KEY"]
    assert encryption_keys("OPENRAPPORT_ENCRYPTION_KEYS") == [first["OPENRAPPORT_ENCRYPTION_KEYS"]]


@pytest.mark.parametrize(
    "weak", [b"\0" * 32, b"a" * 32, b"test-key-test-key-test-key-test!", b"0123456789" * 3 + b"01"]
)
def test_a_key_that_somebody_thought_up_is_refused(weak: bytes, monkeypatch: pytest.MonkeyPatch):
    good = new_keys()["OPENRAPPORT_ENCRYPTION_KEYS"]
    monkeypatch.setenv("OPENRAPPORT_ENCRYPTION_KEYS", f"{good},{urlsafe_b64encode(weak).decode()}")
    with pytest.raises(ConfigurationError, match="key 2 was not made at random") as refused:
        encryption_keys("OPENRAPPORT_ENCRYPTION_KEYS")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("port", "said", "signs_in", "expected"),
    [
        (587, "", True, "starttls"),
        (465, "", True, "tls"),
        (2525, "starttls", True, "starttls"),
        (25, "", False, "none"),
    ],
)
def test_the_way_to_the_mail_server_is_encrypted_where_a_password_travels(
    port: int, said: str, signs_in: bool, expected: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENRAPPORT_SMTP_TLS", said)
    assert mail_transport("OPENRAPPORT_SMTP_TLS", port=port, signs_in=signs_in) == expected


@pytest.mark.parametrize(("port", "said"), [(25, ""), (2525, ""), (587, "none"), (587, "sometimes")])
def test_a_password_is_not_sent_in_the_open(port: int, said: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENRAPPORT_SMTP_TLS", said)
    with pytest.raises(ConfigurationError, match="OPENRAPPORT_SMTP_TLS"):
        mail_transport("OPENRAPPORT_SMTP_TLS", port=port, signs_in=True)


def test_the_start_stops_before_a_password_could_leave_unencrypted(tmp_path: Path):
    environment = {**new_keys(), "OPENRAPPORT_SMTP_HOST": "mail.example.test", "OPENRAPPORT_SMTP_PORT": "2525"}
    ran = openrapport("doctor", "--data", str(tmp_path), cwd=tmp_path, **environment, OPENRAPPORT_SMTP_USER="ada")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)
    assert "port 2525" in ran.stderr
