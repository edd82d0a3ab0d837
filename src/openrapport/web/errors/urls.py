"""The page a device keeps for when there is no connection."""

from django.urls import path

from openrapport.web.errors import views

urlpatterns = [path("offline", views.offline, name="offline")]
