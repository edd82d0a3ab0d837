"""Every address of the application. A route that is added here enters the access matrix in the same commit."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("openrapport.web.home.urls")),
    path("health/", include("openrapport.web.health.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]

if settings.DEMO:  # signing in with one click exists in the demonstration and nowhere else
    urlpatterns.append(path("demo/", include("openrapport.web.demo.urls")))

handler400 = "openrapport.web.errors.views.bad_request"
handler403 = "openrapport.web.errors.views.permission_denied"
handler404 = "openrapport.web.errors.views.not_found"
handler500 = "openrapport.web.errors.views.server_error"
