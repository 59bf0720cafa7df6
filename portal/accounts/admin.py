"""Accounts and grants in the back office. Tokens are shown without their digest."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Account, Grant, Token
from portal.lib.back_office import Editable, ReadOnlyAdmin


class GrantInline(Editable, admin.TabularInline):
    model = Grant
    extra = 0
    has_delete_permission = Editable.has_add_permission  # a right is taken away by taking it out


@admin.register(Account)
class AccountAdmin(Editable, UserAdmin):
    list_display = ("username", "name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    inlines = (GrantInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("role", "is_active")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "role", "usable_password", "password1", "password2")}),
    )
    filter_horizontal = ()


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "read_only", "created_at", "expires_at")
    fields = ("name", "account", "read_only", "created_at", "expires_at")


# Rights are roles and grants; Django's groups would be a second truth.
admin.site.unregister(Group)
