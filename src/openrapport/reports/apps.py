from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "openrapport.reports"
    label = "reports"
