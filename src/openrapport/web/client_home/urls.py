from django.urls import path

from openrapport.web.client_home import views

urlpatterns = [
    path("", views.client_home, name="client_home"),
    path("answers/", views.my_answers, name="my_answers"),
    path("answers/<uuid:pk>/", views.my_check_in, name="my_check_in"),
]
