from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class WebConfig(AppConfig):
    name = "openrapport.web"
    label = "web"

    def ready(self) -> None:
        from openrapport.web.account import second_factor

        second_factor.listen()
        post_migrate.connect(make_cache_table, sender=self, dispatch_uid="make_cache_table")


def make_cache_table(*, using: str = "default", **_: object) -> None:
    """Throttling counts in the database, so that every process counts together; its table comes with the others."""
    call_command("createcachetable", database=using, verbosity=0)
