from django.urls import path

from openrapport.web.caseload import views

urlpatterns = [path("", views.caseload, name="caseload")]
