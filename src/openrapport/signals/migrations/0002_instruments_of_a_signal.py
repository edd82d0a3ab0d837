"""A signal keeps which versions of the questionnaires it rests on. Until now there was one version of each."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_the_first_versions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    behind = {
        "different_views": ("alliance-{audience}@1", "alliance-therapist@1"),
        "getting_worse": ("wellbeing-{audience}@1",),
        "feedback_missing": (),
    }
    Signal = apps.get_model("signals", "Signal")
    for signal in Signal.objects.select_related("relationship").iterator():
        named = behind.get(signal.kind, ("alliance-{audience}@1",))
        signal.instruments = [one.format(audience=signal.relationship.audience) for one in named]
        signal.save(update_fields=["instruments"])


class Migration(migrations.Migration):
    dependencies = [("signals", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="signal",
            name="instruments",
            field=models.JSONField(
                default=list,
                help_text="the versions of the questionnaires the evidence rests on; empty where nothing is measured",
            ),
        ),
        migrations.AddField(
            model_name="signal",
            name="questions_changed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="since then other questions are asked: newer answers say nothing about this",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="signalevent",
            name="deed",
            field=models.CharField(
                choices=[
                    ("raised", "Raised"),
                    ("updated", "New evidence"),
                    ("recovered", "Recovered"),
                    ("returned", "Not recovered after all"),
                    ("questions_changed", "Other questions are asked now"),
                    ("escalated", "Passed on to the supervisor"),
                    ("seen", "Seen"),
                    ("talked_about", "Talked about"),
                    ("resolved", "Resolved"),
                    ("dismissed", "Dismissed"),
                    ("reopened", "Opened again"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunPython(name_the_first_versions, migrations.RunPython.noop),
    ]
