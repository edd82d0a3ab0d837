from django.urls import path

from openrapport.web.check_in import device_views, drawing_views, kiosk_views, link_views, views

urlpatterns = [
    path("check-in/<uuid:pk>/", views.check_in, name="check_in"),
    path("check-in/<uuid:pk>/thanks/", views.thanks, name="check_in_thanks"),
    path("check-in/<uuid:pk>/token/", views.token, name="check_in_token"),
    path("drawings/<uuid:pk>/", drawing_views.drawing, name="drawing"),
    path("c/thanks/", link_views.link_thanks, name="check_in_link_thanks"),
    path("c/<str:secret>/", link_views.check_in_by_link, name="check_in_by_link"),
    path("kiosk/", kiosk_views.kiosk, name="kiosk"),
    path("kiosk/check-in/", kiosk_views.kiosk_check_in, name="kiosk_check_in"),
    path("kiosk/thanks/", kiosk_views.kiosk_thanks, name="kiosk_thanks"),
    path("sw.js", device_views.service_worker, name="service_worker"),
    path("manifest.webmanifest", device_views.manifest, name="manifest"),
]
