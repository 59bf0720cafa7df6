"""Addresses of this part."""

from django.urls import URLPattern, path

from portal.accounts.views import audit, people, tokens
from portal.accounts.views.invitation import Invitation

# Everybody who has an account has these, whatever they may do with agents.
own: list[URLPattern] = [
    path("tokens/", tokens.all_tokens, name="tokens"),
    path("tokens/new/", tokens.new_token, name="token-new"),
    path("tokens/<int:id>/", tokens.token, name="token"),
    path("tokens/<int:id>/revoke/", tokens.revoke_token, name="token-revoke"),
]
pages: list[URLPattern] = [
    path("audit/", audit.audit, name="audit"),
    path("audit/verify/", audit.verify, name="audit-verify"),
    path("people/", people.all_people, name="people"),
    path("people/invite/", people.invite, name="people-invite"),
    path("people/add/", people.add, name="people-add"),
    path("people/<int:id>/", people.person, name="person"),
    path("people/<int:id>/switch/", people.switch, name="person-switch"),
    path("people/<int:id>/invitation/", people.invite_again, name="person-invitation"),
    path("people/<int:id>/take/", people.take, name="person-take"),
]
# Open to those who have no way in yet.
public: list[URLPattern] = [path("invitation/<uidb64>/<token>/", Invitation.as_view(), name="invitation")]
