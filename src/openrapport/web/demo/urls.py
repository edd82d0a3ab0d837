"""Mounted in the demonstration only; see config/urls.py."""

from django.urls import path

from openrapport.web.demo import views

urlpatterns = [
    path("", views.roles, name="demo_roles"),
    path("sign-in/", views.sign_in, name="demo_sign_in"),
    path("sign-in/<slug:slug>/<str:token>/", views.sign_in_by_link, name="demo_sign_in_by_link"),
]
