"""What a practice's own shared ratings say about the course to expect: parameters, never anybody's rating."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport.practices.models import Practice
from openrapport.shared.models import Record

# Below this many relationships an instrument's norms, provisional as they are, stay in use. The spread between people
# is what takes so many: from 200 of them a standard deviation is known to some 5 %.
FEWEST_RELATIONSHIPS = 200


class Source(models.TextChoices):
    PRACTICE = "practice", _("From this practice")


class StoredGrowthFit(Record):
    """Score on log(session) by the score of the first session, from one version of one questionnaire.

    The newest fit only: it is made anew from what may be counted that night, and goes when there is too little.
    """

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="growth_fits")
    instrument = models.CharField(max_length=80)
    score = models.CharField(max_length=60)
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.PRACTICE)
    method = models.CharField(max_length=8)
    library_version = models.CharField(max_length=20)
    fitted_at = models.DateTimeField()
    fixed = models.JSONField(help_text="intercept, log(session), first score around its mean, their product")
    fixed_covariance = models.JSONField()
    client_covariance = models.JSONField(help_text="of intercept and slope between relationships")
    residual_sd = models.FloatField()
    intake_mean = models.FloatField()
    intake_low = models.FloatField(help_text="at least five relationships began at or below it")
    intake_high = models.FloatField(help_text="at least five relationships began at or above it")
    last_session = models.PositiveIntegerField(help_text="at least five relationships have a score from here or later")
    n_relationships = models.PositiveIntegerField()
    n_scores = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "instrument", "score"], name="one_growth_fit_per_practice_and_score"
            ),
            models.CheckConstraint(
                condition=Q(n_relationships__gte=FEWEST_RELATIONSHIPS), name="a_growth_fit_rests_on_200_relationships"
            ),
            models.CheckConstraint(condition=Q(residual_sd__gt=0), name="scores_of_a_growth_fit_vary"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="source_of_a_growth_fit_is_known"),
        ]
