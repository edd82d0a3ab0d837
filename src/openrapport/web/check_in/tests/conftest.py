"""Sam and Maya, Ben and his guardians, Kit: each is asked about a session that was held an hour ago."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache

from openrapport.checkins.models import CheckIn, RespondentRole
from tests.cast import NOON, Cast
from tests.check_ins import hold_session, of


@pytest.fixture(autouse=True)
def _it_is_noon(db: None) -> Iterator[None]:
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def of_sam(cast: Cast) -> CheckIn:
    return of(hold_session(cast.sam_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.CLIENT)


@pytest.fixture
def of_maya(of_sam: CheckIn) -> CheckIn:
    return CheckIn.objects.get(session=of_sam.session, role=RespondentRole.THERAPIST)


@pytest.fixture
def of_ben(cast: Cast) -> CheckIn:
    return of(hold_session(cast.ben_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.CLIENT)


@pytest.fixture
def of_gita(cast: Cast, of_ben: CheckIn) -> CheckIn:
    return CheckIn.objects.get(session=of_ben.session, respondent=cast.gita)


@pytest.fixture
def of_kit(cast: Cast) -> CheckIn:
    return of(hold_session(cast.kit_with_maya, at=NOON - timedelta(hours=1)), RespondentRole.CLIENT)
