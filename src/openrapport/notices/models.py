"""The outbox: what is to be mailed, written in the same transaction as its cause and sent afterwards."""

from django.db import models
from django.db.models import Q

from openrapport.shared.encrypted import EncryptedTextField
from openrapport.shared.models import Record

NOTHING = "{}"  # the payload of a notice that holds nothing any more


class Notice(Record):
    """One mail to one address. `about` names what it depends on: when that ends, the notice is cancelled unsent."""

    kind = models.CharField(max_length=40)
    to = models.EmailField()
    language = models.CharField(max_length=8)
    payload = EncryptedTextField(help_text="JSON: what the text needs, such as a link; encrypted, links are secrets")
    about = models.UUIDField()
    once_key = models.CharField(max_length=120, unique=True, help_text="the same cause never mails twice")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="after this it says nothing any more: unsent")
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sent_at=None) | Q(cancelled_at=None), name="sent_or_cancelled_not_both")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at=None, cancelled_at=None), name="notices_waiting")
        ]


class Job(models.Model):
    """A repeated job of the worker and when it runs next; a lease keeps two workers from running it at once."""

    name = models.CharField(primary_key=True, max_length=60)
    next_run_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_problem = models.CharField(max_length=300, blank=True)
