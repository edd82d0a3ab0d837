from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "openrapport.audit"
    label = "audit"

    def ready(self) -> None:
        from openrapport.shared.append_only import put_up_guards

        post_migrate.connect(put_up_guards, dispatch_uid="put_up_guards")
