from django.urls import path

from openrapport.web.home import views

urlpatterns = [path("", views.home, name="home")]
