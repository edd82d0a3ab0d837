"""Django finds the components' templates, tags and static files through this app."""

from django.apps import AppConfig


class ComponentsConfig(AppConfig):
    name = "openrapport.web.components"
    label = "components"
