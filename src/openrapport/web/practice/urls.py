"""The practice as its administrators see it, and the invitations of whoever may invite."""

from django.urls import path

from openrapport.web.practice import invitation_views, invite_views, people_views, settings_views

urlpatterns = [
    path("practice/people/", people_views.people, name="practice_people"),
    path("practice/people/<uuid:pk>/", people_views.person, name="practice_person"),
    path("practice/people/<uuid:pk>/roles/", people_views.give, name="practice_give_role"),
    path("practice/people/<uuid:pk>/supervisors/", people_views.assign_supervisor, name="practice_assign_supervisor"),
    path("practice/people/<uuid:pk>/close/", people_views.close, name="practice_close_account"),
    path("practice/people/<uuid:pk>/open/", people_views.reopen, name="practice_open_account"),
    path("practice/roles/<uuid:pk>/end/", people_views.end, name="practice_end_role"),
    path("practice/supervisions/<uuid:pk>/end/", people_views.end_assignment, name="practice_end_supervision"),
    path("practice/invitations/", invitation_views.invitations, name="practice_invitations"),
    path("practice/invitations/new/", invite_views.staff, name="practice_invite"),
    path("practice/invitations/<uuid:pk>/again/", invitation_views.again, name="practice_invitation_again"),
    path("practice/invitations/<uuid:pk>/take-back/", invitation_views.take_back, name="practice_invitation_take_back"),
    path("practice/settings/", settings_views.practice_settings, name="practice_settings"),
    path("practice/clients/invite/", invite_views.client, name="invite_client"),
    path("clients/<uuid:pk>/guardians/invite/", invite_views.guardian, name="invite_guardian"),
]
