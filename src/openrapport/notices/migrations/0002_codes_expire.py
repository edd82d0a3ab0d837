from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="expires_at",
            field=models.DateTimeField(blank=True, help_text="after this it says nothing any more: unsent", null=True),
        ),
    ]
