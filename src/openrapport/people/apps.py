from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "openrapport.people"
    label = "people"
