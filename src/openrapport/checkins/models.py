"""Check-ins: what was asked, what was answered, and the scores computed from it.

Answers and scores are written once. A check-in pins the exact versions of the instruments it showed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport.people.models import User
from openrapport.relationships.models import Relationship
from openrapport.sessions.models import TherapySession
from openrapport.shared.append_only import append_only
from openrapport.shared.encrypted import EncryptedBytesField, EncryptedTextField
from openrapport.shared.models import Record


class RespondentRole(models.TextChoices):
    CLIENT = "client", _("Client")
    GUARDIAN = "guardian", _("Parent or guardian")
    THERAPIST = "therapist", _("Therapist")


class Disclosure(models.TextChoices):
    """Who sees it, chosen by the person who answers before it is sent."""

    NOW = "now", _("My therapist, now")
    NEXT_SESSION = "next_session", _("My therapist, at our next session")
    SUPERVISOR_ONLY = "supervisor_only", _("Only my therapist's supervisor")
    PRIVATE = "private", _("Only me")


class CheckIn(Record):
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="check_ins")
    session = models.ForeignKey(TherapySession, on_delete=models.PROTECT, related_name="check_ins")
    respondent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="check_ins")
    role = models.CharField(max_length=12, choices=RespondentRole.choices)
    instruments = models.JSONField(help_text='references with versions, in the order shown: ["alliance-adult@1", …]')
    opened_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    disclosure = models.CharField(max_length=20, choices=Disclosure.choices, blank=True)
    visible_from = models.DateTimeField(
        null=True, blank=True, help_text="since when those whom the disclosure names may read it; empty: not yet"
    )
    submission_key = models.UUIDField(null=True, blank=True, unique=True)
    submission_hash = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "respondent", "role"], name="one_check_in_per_session_and_respondent"
            ),
            models.CheckConstraint(condition=Q(role__in=RespondentRole.values), name="respondent_role_is_known"),
            models.CheckConstraint(
                condition=Q(submitted_at=None, disclosure="", submission_key=None, visible_from=None)
                | Q(submitted_at__isnull=False, disclosure__in=Disclosure.values, submission_key__isnull=False),
                name="a_sent_check_in_says_who_sees_it",
            ),
            models.CheckConstraint(
                condition=~Q(disclosure="private") | Q(visible_from=None), name="private_is_never_visible"
            ),
        ]
        indexes = [models.Index(fields=["respondent", "submitted_at"]), models.Index(fields=["relationship", "role"])]

    @property
    def is_submitted(self) -> bool:
        return self.submitted_at is not None


@append_only
class Answer(Record):
    """One answered item. An item that was skipped has no row: missing is missing, never zero."""

    check_in = models.ForeignKey(CheckIn, on_delete=models.PROTECT, related_name="answers")
    instrument = models.CharField(max_length=80)
    item = models.CharField(max_length=60)
    value = models.SmallIntegerField(null=True, blank=True)
    words = EncryptedTextField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "instrument", "item"], name="an_item_is_answered_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, words__isnull=True) | Q(value=None, words__isnull=False),
                name="an_answer_is_a_value_or_words",
            ),
        ]


class Picture(models.TextChoices):
    """What a child chooses who does not draw. Weather and a heart: words for a mood, and no scale."""

    SUN = "sun", _("Sun")
    CLOUDS = "clouds", _("Clouds")
    RAIN = "rain", _("Rain")
    STORM = "storm", _("Storm")
    RAINBOW = "rainbow", _("Rainbow")
    HEART = "heart", _("Heart")


@append_only
class Drawing(Record):
    """What somebody drew for one item, a picture they chose, or both. Skipped: no row.

    It stands beside the answers and not among them: pages read all answers of many check-ins, and an image only when
    somebody looks at it.
    """

    check_in = models.ForeignKey(CheckIn, on_delete=models.PROTECT, related_name="drawings")
    instrument = models.CharField(max_length=80)
    item = models.CharField(max_length=60)
    image = EncryptedBytesField(null=True, blank=True, help_text="a PNG")
    width = models.PositiveSmallIntegerField(null=True, blank=True)
    height = models.PositiveSmallIntegerField(null=True, blank=True)
    picture = models.CharField(max_length=12, choices=Picture.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "instrument", "item"], name="an_item_is_drawn_once"),
            models.CheckConstraint(
                condition=Q(image__isnull=False, width__isnull=False, height__isnull=False, width__gte=1, height__gte=1)
                | (Q(image__isnull=True, width=None, height=None) & ~Q(picture="")),
                name="a_drawing_is_drawn_or_chosen",
            ),
            models.CheckConstraint(condition=Q(picture__in=["", *Picture.values]), name="picture_is_known"),
        ]

    @property
    def is_drawn(self) -> bool:
        """Told by its size, so that nobody has to open the image to know."""
        return self.width is not None


@append_only
class Score(Record):
    """One computed score, or the reason why there is none."""

    check_in = models.ForeignKey(CheckIn, on_delete=models.PROTECT, related_name="scores")
    instrument = models.CharField(max_length=80)
    scale = models.CharField(max_length=60)
    value = models.FloatField(null=True, blank=True)
    not_scorable = models.CharField(max_length=200, blank=True)
    answered = models.PositiveSmallIntegerField()
    prorated = models.BooleanField(default=False)
    at_ceiling = models.BooleanField(default=False)
    straight_lined = models.BooleanField(default=False)
    library_version = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "instrument", "scale"], name="a_scale_is_scored_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, not_scorable="") | (Q(value=None) & ~Q(not_scorable="")),
                name="a_score_or_a_reason",
            ),
        ]


class PassKind(models.TextChoices):
    LINK = "link", _("Link")
    KIOSK = "kiosk", _("Handed-over device")


class CheckInPass(Record):
    """Opens one check-in without sign-in, once and for a limited time. Only a fingerprint of the secret is kept."""

    check_in = models.ForeignKey(CheckIn, on_delete=models.PROTECT, related_name="passes")
    kind = models.CharField(max_length=8, choices=PassKind.choices)
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
