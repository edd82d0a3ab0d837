"""Every address of the application. A route that is added here enters the access matrix in the same commit."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("openrapport.web.home.urls")),
    path("", include("openrapport.web.check_in.urls")),
    path("home/", include("openrapport.web.client_home.urls")),
    path("health/", include("openrapport.web.health.urls")),
    path("", include("openrapport.web.account.urls")),
    path("", include("openrapport.web.practice.urls")),
    path("caseload/", include("openrapport.web.caseload.urls")),
    path("clients/", include("openrapport.web.client_page.urls")),
    path("signals/", include("openrapport.web.signals.urls")),
    path("supervision/", include("openrapport.web.supervision.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("openrapport.web.components.urls")),
    path("", include("openrapport.web.errors.urls")),
    path("help-now", include("openrapport.web.help_now.urls")),
]

if settings.DEMO:  # signing in with one click exists in the demonstration and nowhere else
    urlpatterns += [
        path("demo/", include("openrapport.web.demo.urls")),
        path("styleguide/", include("openrapport.web.styleguide.urls")),
    ]

handler400 = "openrapport.web.errors.views.bad_request"
handler403 = "openrapport.web.errors.views.permission_denied"
handler404 = "openrapport.web.errors.views.not_found"
handler500 = "openrapport.web.errors.views.server_error"
