from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class WebConfig(AppConfig):
    name = "openrapport.web"
    label = "web"

    def ready(self) -> None:
        # Django tells nothing to apps without models, such as this one, so it listens to another.
        people = apps.get_app_config("people")
        post_migrate.connect(make_cache_table, sender=people, dispatch_uid="make_cache_table")


def make_cache_table(*, using: str = "default", **_: object) -> None:
    """Throttling counts in the database, so that every process counts together; its table comes with the others."""
    call_command("createcachetable", database=using, verbosity=0)
