import pytest
from django.db import OperationalError
from django.test import Client

from openrapport.web.health import views


def test_live_answers_without_a_database(client: Client):
    answer = client.get("/health/live")
    assert (answer.status_code, answer.content) == (200, b"alive\n")


@pytest.mark.django_db
def test_ready_when_the_database_answers_and_is_migrated(client: Client):
    assert client.get("/health/ready").status_code == 200


@pytest.mark.django_db
def test_not_ready_while_a_migration_waits(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views, "_migrated", False)
    monkeypatch.setattr(views, "pending_migrations", lambda: ["people.0002_more"])
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_not_ready_and_nothing_told_when_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch):
    def away(*_: object) -> None:
        raise OperationalError("could not connect to server at 10.1.2.3 as user practice")

    monkeypatch.setattr(views.connection, "cursor", away)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_watching_leaves_no_cookie(client: Client):
    assert not client.get("/health/live").cookies
