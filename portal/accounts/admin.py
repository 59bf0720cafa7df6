"""Accounts and grants in the back office. Tokens are shown without their digest.

Who has an account, in which role, with which agents, is decided on the pages of people: there it is audited, and there
always is an admin. What somebody signs in with, or is reached by, is changed by themselves: whoever could change it
here would be them.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Account, Grant, Token
from portal.lib.back_office import Editable, ReadOnlyAdmin, Shown

# Second factors, addresses, sign-ins: nobody's business but that of whom they are.
for model in (EmailAddress, Authenticator, UserSession, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class GrantInline(Shown, admin.TabularInline):
    model = Grant
    extra = 0


@admin.register(Account)
class AccountAdmin(Editable, UserAdmin):
    list_display = ("username", "name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    inlines = (GrantInline,)
    form = ModelForm
    readonly_fields = ("username", "email", "role", "is_active", "last_login", "date_joined")
    has_add_permission = Shown.has_add_permission
    fieldsets = (
        (None, {"fields": ("username",)}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("role", "is_active")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()

    def get_urls(self) -> list[URLPattern]:
        """Without the page that gives somebody another password."""
        return [pattern for pattern in super().get_urls() if pattern.name != "auth_user_password_change"]


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "scope", "read_only", "created_at", "expires_at", "last_used_at")
    fields = ("name", "account", "scope", "read_only", "agent_ids", "created_at", "expires_at", "last_used_at")


# Rights are roles and grants; Django's groups would be a second truth.
admin.site.unregister(Group)
