"""The audit log in the back office: read-only."""

from django.contrib import admin

from portal.audit.models import Entry
from portal.lib.back_office import ReadOnlyAdmin


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "verb", "agent", "subject", "reason")
    list_filter = ("verb",)
    search_fields = ("subject",)
    list_select_related = ("account", "agent")
    show_full_result_count = False
