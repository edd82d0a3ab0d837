from django.apps import AppConfig


class RelationshipsConfig(AppConfig):
    name = "openrapport.relationships"
    label = "relationships"

    def ready(self) -> None:
        from openrapport.relationships import policy, rules
        from openrapport.relationships.models import Relationship

        policy.declare(Relationship, rules.RELATIONSHIP)
