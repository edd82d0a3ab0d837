from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "openrapport.notices"
    label = "notices"
