"""A drawing is an answer: sent once, encrypted, never changed, read by those who may read the check-in."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import GivenDrawing, KeyConflict
from openrapport.checkins.models import CheckIn, Disclosure, Drawing, RespondentRole
from openrapport.checkins.png import read_png
from openrapport.checkins.queries import drawings_visible_to
from openrapport.workflows.complete_check_in import Completed, complete_check_in
from tests.cast import NOON, Cast, viewer
from tests.check_ins import given_for, hold_session, of
from tests.drawings import png

REF = "alliance-child@1"


@pytest.fixture
def kits(cast: Cast) -> CheckIn:
    return of(hold_session(cast.kit_with_maya, at=NOON), RespondentRole.CLIENT)


def send(check_in: CheckIn, drawn: GivenDrawing, *, key: UUID, disclosure: Disclosure = Disclosure.NOW) -> Completed:
    return complete_check_in(
        actor=Actor(user=check_in.respondent),
        check_in=CheckIn.objects.get(pk=check_in.pk),
        given=replace(given_for(check_in, alliance=3), drawings={REF: {"drawing": drawn}}),
        disclosure=disclosure,
        key=key,
        now=NOON,
    )


def image(shade: int = 200) -> GivenDrawing:
    return GivenDrawing(read_png(png(shade=shade)))


def test_a_drawing_is_kept_encrypted_and_comes_back_as_it_was(kits: CheckIn):
    send(kits, image(), key=uuid4())
    kept = Drawing.objects.get(check_in=kits)
    assert (kept.image, kept.width, kept.height, kept.is_drawn) == (png(), 8, 6, True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT image FROM checkins_drawing")
        (stored,) = cursor.fetchone()
    assert stored.startswith("gAAAA")


def test_a_picture_can_be_chosen_instead(kits: CheckIn):
    send(kits, GivenDrawing(picture="sun"), key=uuid4())
    kept = Drawing.objects.get(check_in=kits)
    assert (kept.picture, kept.image, kept.is_drawn) == ("sun", None, False)


def test_the_same_drawing_sent_twice_is_recorded_once(kits: CheckIn):
    key = uuid4()
    assert send(kits, image(), key=key).recorded
    assert not send(kits, image(), key=key).recorded
    assert Drawing.objects.count() == 1


@pytest.mark.parametrize("other", [image(90), GivenDrawing(picture="sun"), replace(image(), picture="sun")])
def test_the_same_key_with_another_drawing_is_a_conflict(kits: CheckIn, other: GivenDrawing):
    key = uuid4()
    send(kits, image(), key=key)
    with pytest.raises(KeyConflict):
        send(kits, other, key=key)
    assert Drawing.objects.get().image == png()


@pytest.mark.parametrize(
    ("disclosure", "readers"),
    [
        (Disclosure.NOW, {"kit", "maya"}),
        (Disclosure.NEXT_SESSION, {"kit"}),
        (Disclosure.PRIVATE, {"kit"}),
    ],
)
def test_who_may_read_the_check_in_sees_the_drawing(
    cast: Cast, kits: CheckIn, disclosure: Disclosure, readers: set[str]
):
    send(kits, image(), key=uuid4(), disclosure=disclosure)
    found = {name for name, user in cast.everybody().items() if drawings_visible_to(viewer(user)).exists()}
    assert found == readers


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"image": png()},
        {"image": png(), "width": 0, "height": 6},
        {"width": 8, "height": 6, "picture": "sun"},
        {"picture": "kitten"},
    ],
)
def test_the_database_refuses_nonsense(kits: CheckIn, row: dict[str, object]):
    with pytest.raises(IntegrityError), transaction.atomic():
        Drawing.objects.create(check_in=kits, instrument=REF, item="drawing", **row)
