"""The account's addresses, written out one by one: what is not listed here (passwords, open sign-up) is a 404.

The names are allauth's where allauth looks them up.
"""

from allauth.mfa.recovery_codes.views import download_recovery_codes
from django.urls import path
from django.views.generic import RedirectView

from openrapport.web.account import address_views, invitation_views, profile_views, views
from openrapport.web.account import allauth_views as dressed

urlpatterns = [
    path("account/", dressed.AccountHome.as_view(), name="mfa_index"),
    path("account/profile/", profile_views.profile, name="account_profile"),
    path("account/e-mail/", address_views.new_address, name="new_address"),
    path("account/e-mail/code/", address_views.confirm_address, name="confirm_address"),
    path("account/sign-in/", dressed.SignIn.as_view(), name="account_login"),
    path(
        "account/sign-in/again/",
        RedirectView.as_view(pattern_name="account_login", query_string=True),
        name="account_request_login_code",
    ),
    path("account/sign-in/code/", dressed.ConfirmMailedCode.as_view(), name="account_confirm_login_code"),
    path("account/sign-in/passkey/", dressed.SignInWithPasskey.as_view(), name="mfa_login_webauthn"),
    path("account/sign-in/second/", dressed.ShowFactor.as_view(), name="mfa_authenticate"),
    path("account/sign-out/", dressed.SignOut.as_view(), name="account_logout"),
    path("account/closed/", dressed.AccountClosed.as_view(), name="account_inactive"),
    path("account/set-up/", views.set_up_second_factor, name="set_up_second_factor"),
    path("account/go-on/", views.go_on, name="go_on"),
    path("account/confirm/", dressed.ShowFactorAgain.as_view(), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", dressed.ShowPasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/passkeys/", dressed.Passkeys.as_view(), name="mfa_list_webauthn"),
    path("account/passkeys/add/", dressed.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/rename/", dressed.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", dressed.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/app-codes/begin/", dressed.BeginAppCodes.as_view(), name="mfa_activate_totp"),
    path("account/app-codes/end/", dressed.EndAppCodes.as_view(), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", dressed.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", dressed.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/file/", download_recovery_codes, name="mfa_download_recovery_codes"),
    path("account/devices/", dressed.Devices.as_view(), name="usersessions_list"),
    path("account/devices/<int:pk>/end/", views.end_device, name="end_device"),
    path("invitation/<str:token>/", invitation_views.invitation, name="invitation"),
]
