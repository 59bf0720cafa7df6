"""Addresses of this part. Those of signing in are allauth's views under ours, by the names it knows them by."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from django.urls import URLPattern, path, re_path

from portal.accounts.sign_in import sso
from portal.accounts.sign_in.recent import confirmed
from portal.accounts.views import audit, people, tokens
from portal.accounts.views.account import ChangePassword, Overview, browsers
from portal.accounts.views.invitation import Invitation

# Everybody who has an account has these, whatever they may do with agents.
own: list[URLPattern] = [
    path("tokens/", tokens.all_tokens, name="tokens"),
    path("tokens/new/", confirmed(tokens.new_token), name="token-new"),
    path("tokens/<int:id>/", confirmed(tokens.token), name="token"),
    path("tokens/<int:id>/revoke/", confirmed(tokens.revoke_token), name="token-revoke"),
]
pages: list[URLPattern] = [
    path("audit/", audit.audit, name="audit"),
    path("audit/verify/", audit.verify, name="audit-verify"),
    path("people/", people.all_people, name="people"),
    path("people/invite/", confirmed(people.invite), name="people-invite"),
    path("people/add/", confirmed(people.add), name="people-add"),
    path("people/<int:id>/", confirmed(people.person), name="person"),
    path("people/<int:id>/switch/", confirmed(people.switch), name="person-switch"),
    path("people/<int:id>/invitation/", confirmed(people.invite_again), name="person-invitation"),
    path("people/<int:id>/second-factor/", confirmed(people.remove_second_factor), name="person-second-factor"),
    path("people/<int:id>/take/", confirmed(people.take), name="person-take"),
]
# Open to those who have no way in yet, or are half-way in.
public: list[URLPattern] = [
    path("invitation/<uidb64>/<token>/", Invitation.as_view(), name="invitation"),
    path("login/second-factor/", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("login/code/", account.confirm_login_code, name="account_confirm_login_code"),
    path("login/forgotten/", account.password_reset, name="account_reset_password"),
    path("login/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("login/forgotten/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^login/forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    re_path(r"^account/email/(?P<key>[-:\w]+)/$", account.confirm_email, name="account_confirm_email"),
    path("login/<slug:provider_id>/", sso.begin, name="openid_connect_login"),
    path("login/<slug:provider_id>/callback/", sso.finish, name="openid_connect_callback"),
    path("login/sso/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("login/sso/failed/", social.login_error, name="socialaccount_login_error"),
]
# One's own way in: open also to those who still have to set up a second factor.
account_pages: list[URLPattern] = [
    path("account/", Overview.as_view(), name="mfa_index"),
    path("account/password/", ChangePassword.as_view(), name="account_change_password"),
    path("account/password/first/", account.password_set, name="account_set_password"),
    path("account/email/", account.email, name="account_email"),
    path("account/browsers/", confirmed(browsers), name="usersessions_list"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/second-factor/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/authenticator/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/authenticator/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/new/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
]
