"""The demo's addresses, for its own tests: the real ones do not have them."""

from django.urls import include, path

from openrapport.config.urls import urlpatterns as real

urlpatterns = [*real, path("demo/", include("openrapport.web.demo.urls"))]
