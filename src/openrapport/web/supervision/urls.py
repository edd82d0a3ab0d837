from django.urls import path

from openrapport.web.supervision import views

urlpatterns = [path("", views.supervision, name="supervision")]
