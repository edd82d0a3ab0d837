"""The base of every table."""

from django.db import models

from openrapport.shared.ids import new_id


class Record(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True
