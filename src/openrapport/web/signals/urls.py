from django.urls import path

from openrapport.web.signals import views

urlpatterns = [
    path("", views.signals, name="signals"),
    path("<uuid:pk>/", views.signal, name="signal"),
    path("<uuid:pk>/<slug:deed>/", views.move_signal, name="move_signal"),
]
