from django.urls import path

from openrapport.web.client_page import views

urlpatterns = [
    path("<uuid:pk>/", views.client_page, name="client_page"),
    path("<uuid:pk>/sessions/", views.record_session, name="record_session"),
    path("<uuid:pk>/kiosk-code/", views.make_kiosk_code, name="make_kiosk_code"),
    path("<uuid:pk>/supervision-told/", views.tell_supervision, name="tell_supervision"),
    path("<uuid:pk>/state/", views.change_state, name="change_state"),
]
