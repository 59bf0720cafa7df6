"""Addresses of this part."""

from django.urls import URLPattern, path

from portal.accounts.views import audit, tokens

pages: list[URLPattern] = [
    path("audit/", audit.audit, name="audit"),
    path("audit/verify/", audit.verify, name="audit-verify"),
]
# Everybody who has an account has these, whatever they may do with agents.
own: list[URLPattern] = [
    path("tokens/", tokens.all_tokens, name="tokens"),
    path("tokens/new/", tokens.new_token, name="token-new"),
    path("tokens/<int:id>/", tokens.token, name="token"),
    path("tokens/<int:id>/revoke/", tokens.revoke_token, name="token-revoke"),
]
