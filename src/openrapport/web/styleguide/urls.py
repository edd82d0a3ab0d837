"""The style guide and one example of each layout."""

from django.urls import path

from openrapport.web.styleguide import views

app_name = "styleguide"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("client", views.client_example, name="client"),
    path("check-in", views.check_in_example, name="check_in"),
    path("staff", views.staff_example, name="staff"),
    path("plain", views.plain_example, name="plain"),
    path("errors/<slug:name>", views.error_example, name="error"),
]
