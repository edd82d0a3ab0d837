"""The one place that answers "may this person, at this moment?". Deny is the default; a refusal looks like absence.

`scope` gives the rows a viewer may touch, `can` asks the same question of one object, through the same query.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Membership, Role, Supervision
from openrapport.relationships.grants import Action, Grant, ObjectRules, Tie
from openrapport.relationships.models import CLOSED_STATES, OPEN_STATES, Guardianship, Relationship
from openrapport.shared.prepared import Prepared, forget_prepared

M = TypeVar("M", bound=models.Model)
Row = TypeVar("Row")
_rules: dict[type[models.Model], ObjectRules] = {}


class NoRules(Exception):
    """A model that nobody declared rules for was asked for. Declare them beside the model."""


def declare(model: type[models.Model], rules: ObjectRules) -> None:
    _rules[model] = rules
    forget_prepared()


def declared() -> dict[type[models.Model], ObjectRules]:
    return dict(_rules)


def scope(viewer: Viewer, model: type[M], action: Action = Action.READ) -> QuerySet[M]:
    """The rows of `model` on which `viewer` may do `action`, at the viewer's moment."""
    if model not in _rules:
        raise NoRules(f"{model.__name__} has no declared access rules.")
    rows: QuerySet[M] = model._default_manager.all()
    if not viewer.is_somebody:
        return rows.none()
    rules = _rules[model]
    if rules.follows is not None:
        parent = model._meta.get_field(rules.follows).related_model
        assert isinstance(parent, type)
        return rows.filter(**{f"{rules.follows}__in": scope(viewer, parent, action).values("pk")})
    allowed = Q(pk__in=[])
    for grant in rules.grants:
        if action in grant.actions:
            allowed |= _condition(viewer, rules.relationship, grant)
    return rows.filter(allowed)


def can(viewer: Viewer, action: Action, obj: models.Model) -> bool:
    return bool(_question(type(obj), action).rows(viewer, pk=obj.pk))


def can_as_client(viewer: Viewer, action: Action, obj: models.Model, relationship: Relationship) -> bool:
    """Whether rows that were just read tell by themselves that a client may do this. If they do not, ask `can`."""
    return (
        viewer.user is not None
        and viewer.is_somebody
        and relationship.client_id == viewer.user.pk
        and any(_is_told(grant, viewer.user, obj) for grant in _rules[type(obj)].grants if action in grant.actions)
    )


def _is_told(grant: Grant, user: User, obj: models.Model) -> bool:
    return (
        grant.tie is Tie.CLIENT
        and grant.visible_at is None
        and grant.before_end is None
        and (grant.own is None or getattr(obj, f"{grant.own}_id") == user.pk)
        and all("__" not in name and getattr(obj, name) == value for name, value in grant.where.items())
    )


def _one_row(viewer: Viewer, model: type[M], action: Action, pk: UUID) -> QuerySet[M]:
    return scope(viewer, model, action).filter(pk=pk)


class PreparedScope(Generic[Row]):
    """A query that begins with a viewer and is put together once. Nothing is remembered of whom it let in."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]], **kinds: type) -> None:
        def build_for(*, viewer_pk: UUID, viewer_at: datetime, **values: Any) -> QuerySet[Any, Row]:
            return build(Viewer(user=User(pk=viewer_pk), at=viewer_at), **values)

        day = (date, lambda given: born_at_least_18_years_before(given["viewer_at"]))
        kinds |= {"viewer_pk": UUID, "viewer_at": datetime}
        self._prepared: Prepared[Row] = Prepared(build_for, made={"grown_up_if_born_by": day}, **kinds)

    def rows(self, viewer: Viewer, **values: Any) -> list[Row]:
        if viewer.user is None or not viewer.is_somebody:
            return []
        return self._prepared.rows(viewer_pk=viewer.user.pk, viewer_at=viewer.at, **values)


@cache
def _question(model: type[models.Model], action: Action) -> PreparedScope[Any]:
    return PreparedScope(lambda viewer, pk: _one_row(viewer, model, action, pk).values_list("pk"), pk=UUID)


def _condition(viewer: Viewer, path: str, grant: Grant) -> Q:
    condition = Q(**dict(grant.where))
    if grant.own is not None:
        condition &= Q(**{grant.own: viewer.user})
    if grant.visible_at is not None:
        condition &= Q(**{f"{grant.visible_at}__lte": viewer.at})
    if grant.tie is not None:
        tied = relationships_by_tie(viewer, grant.tie)
        condition &= Q(**{f"{path}__in": tied.values("pk")})
    if grant.before_end is not None:
        end = F("ended_at") if path == "pk" else F(f"{path}__ended_at")
        condition &= Q(**{f"{grant.before_end}__lte": end})
    return condition


def relationships_by_tie(viewer: Viewer, tie: Tie) -> QuerySet[Relationship]:
    return _TIES[tie](viewer)


def _as_client(viewer: Viewer) -> QuerySet[Relationship]:
    return Relationship.objects.filter(client=viewer.user)


def _as_guardian(viewer: Viewer) -> QuerySet[Relationship]:
    """Until the child's 18th birthday begins anywhere on earth: a few hours early rather than one late."""
    standing = Guardianship.objects.filter(
        practice=OuterRef("practice"), client=OuterRef("client"), guardian=viewer.user, until=None
    )
    minors = Relationship.objects.exclude(client__birth_date__lte=born_at_least_18_years_before(viewer.at))
    return minors.filter(Exists(standing), state__in=OPEN_STATES)


def born_at_least_18_years_before(moment: datetime) -> date:
    """Whoever was born on this day or earlier is grown up, in the time zone where the day begins first."""
    today = (moment.astimezone(UTC) + timedelta(hours=14)).date()
    last_day = today if (today.month, today.day) != (2, 29) else today.replace(day=28)
    return last_day.replace(year=today.year - 18)


def _as_therapist(viewer: Viewer) -> QuerySet[Relationship]:
    return Relationship.objects.filter(_holds(viewer, Role.THERAPIST), therapist=viewer.user, state__in=OPEN_STATES)


def _as_former_therapist(viewer: Viewer) -> QuerySet[Relationship]:
    return Relationship.objects.filter(
        _holds(viewer, Role.THERAPIST),
        therapist=viewer.user,
        state__in=CLOSED_STATES,
        retained_until__gt=viewer.at,
    )


def _as_supervisor(viewer: Viewer) -> QuerySet[Relationship]:
    """Only of whom the client was told since they began: being told of one supervisor is not of the next."""
    standing = Supervision.objects.filter(
        practice=OuterRef("practice"),
        therapist=OuterRef("therapist"),
        supervisor=viewer.user,
        until=None,
        since__lte=OuterRef("supervision_told_at"),
    )
    return Relationship.objects.filter(
        _holds(viewer, Role.SUPERVISOR), Exists(standing), ~_is_family(viewer), state__in=OPEN_STATES
    ).exclude(client=viewer.user)


def _as_admin(viewer: Viewer) -> QuerySet[Relationship]:
    return Relationship.objects.filter(_holds(viewer, Role.ADMIN), ~_is_family(viewer))


def _is_family(viewer: Viewer) -> Exists:
    """A guardian who also works in the practice never reaches the child's record through that work."""
    return Exists(Guardianship.objects.filter(client=OuterRef("client"), guardian=viewer.user))


def _holds(viewer: Viewer, role: Role) -> Exists:
    return Exists(Membership.objects.filter(practice=OuterRef("practice"), user=viewer.user, role=role, until=None))


_TIES: dict[Tie, Callable[[Viewer], QuerySet[Relationship]]] = {
    Tie.CLIENT: _as_client,
    Tie.GUARDIAN: _as_guardian,
    Tie.THERAPIST: _as_therapist,
    Tie.FORMER_THERAPIST: _as_former_therapist,
    Tie.SUPERVISOR: _as_supervisor,
    Tie.ADMIN: _as_admin,
}
