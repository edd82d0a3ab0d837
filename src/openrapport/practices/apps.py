from django.apps import AppConfig


class PracticesConfig(AppConfig):
    name = "openrapport.practices"
    label = "practices"
