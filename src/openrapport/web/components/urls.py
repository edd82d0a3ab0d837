"""The one deed of the design system: remembering light or dark."""

from django.urls import path

from openrapport.web.components import views

app_name = "components"

urlpatterns = [path("theme", views.set_theme, name="set_theme")]
