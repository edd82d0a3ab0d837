"""A practice with enough relationships to fit a curve: made in bulk, with scores drawn from a known course."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import numpy as np
from django.db import connection

from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole, Score
from openrapport.people.models import User
from openrapport.practices.models import Practice
from openrapport.relationships.models import Audience, Relationship, State
from openrapport.reports.models import StoredGrowthFit
from openrapport.sessions.models import Status, TherapySession
from tests.cast import NOON

ALLIANCE, TOTAL = "alliance-adult@1", "total"
# The course that is drawn from: score = 7.5 + .4 log(session) + .6 (first - 7.5) + own + noise.
INTERCEPT, SLOPE, OF_START, START_MEAN = 7.5, 0.4, 0.6, 7.5
START_SD, OWN_SD, NOISE_SD = 1.0, 0.5, 0.4


def draw_courses(count: int, sessions: int, *, seed: int = 1) -> list[list[float]]:
    rng = np.random.default_rng(seed)
    later = np.log(np.arange(2, sessions + 1))
    start = rng.normal(START_MEAN, START_SD, count)
    own = rng.normal(0, OWN_SD, count)
    noise = rng.normal(0, NOISE_SD, (count, sessions - 1))
    level = INTERCEPT + OF_START * (start - START_MEAN) + own
    scores = level[:, None] + SLOPE * later + noise
    return [[float(first), *map(float, rest)] for first, rest in zip(start, scores, strict=True)]


def add_relationships(
    practice: Practice,
    therapist: User,
    courses: Sequence[Sequence[float]],
    *,
    disclosure: Disclosure = Disclosure.NOW,
    told: bool = False,
) -> list[Relationship]:
    """One relationship for each course, a check-in for each of its scores."""
    people = User.objects.bulk_create(
        User(display_name=f"Client {n}", language="en", time_zone="Europe/Madrid", created_at=NOON)
        for n in range(len(courses))
    )
    began = NOON - timedelta(weeks=40)
    relationships = Relationship.objects.bulk_create(
        Relationship(
            practice=practice,
            client=person,
            therapist=therapist,
            audience=Audience.ADULT,
            state=State.ACTIVE,
            state_since=began,
            began_at=began,
            supervision_told_at=NOON - timedelta(days=1) if told else None,
        )
        for person in people
    )
    pairs = list(zip(relationships, courses, strict=True))
    sessions = TherapySession.objects.bulk_create(
        TherapySession(relationship=one, number=number, starts_at=began + timedelta(weeks=number), status=Status.HELD)
        for one, scores in pairs
        for number in range(1, len(scores) + 1)
    )
    check_ins = CheckIn.objects.bulk_create(
        CheckIn(
            relationship=session.relationship,
            session=session,
            respondent=session.relationship.client,
            role=RespondentRole.CLIENT,
            instruments=[ALLIANCE],
            opened_at=session.starts_at,
            submitted_at=session.starts_at,
            disclosure=disclosure,
            visible_from=None if disclosure == Disclosure.PRIVATE else session.starts_at,
            submission_key=uuid4(),
            via="page",
        )
        for session in sessions
    )
    flat = [score for _, scores in pairs for score in scores]
    Score.objects.bulk_create(
        Score(check_in=check_in, instrument=ALLIANCE, scale=TOTAL, value=value, answered=7, library_version="test")
        for check_in, value in zip(check_ins, flat, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as a database in use has done by itself: without it a plan may take minutes
    return relationships


def store_fit(practice: Practice, *, instrument: str = ALLIANCE, **changed: object) -> StoredGrowthFit:
    """A fit as the worker would keep it, without the relationships behind it."""
    numbers: dict[str, object] = {
        "method": "reml",
        "library_version": "test",
        "fitted_at": NOON,
        "fixed": [INTERCEPT, SLOPE, OF_START, 0.0],
        "fixed_covariance": [[0.01 if row == column else 0.0 for column in range(4)] for row in range(4)],
        "client_covariance": [[OWN_SD**2, 0.0], [0.0, 0.0]],
        "residual_sd": NOISE_SD,
        "intake_mean": START_MEAN,
        "intake_low": 5.0,
        "intake_high": 9.5,
        "last_session": 12,
        "n_relationships": 240,
        "n_scores": 1900,
    }
    return StoredGrowthFit.objects.create(
        practice=practice, instrument=instrument, score=TOTAL, **{**numbers, **changed}
    )
