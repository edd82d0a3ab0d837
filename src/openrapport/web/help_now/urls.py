"""Where crisis help is found."""

from django.urls import path

from openrapport.web.help_now import views

urlpatterns = [path("", views.help_now, name="help_now")]
