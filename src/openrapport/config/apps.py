from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    name = "openrapport.config"
    label = "configuration"

    def ready(self) -> None:
        from openrapport.config import checks

        assert checks  # importing registers them
