"""The audit log in the back office: read-only. Its own page shows the words of each entry."""

from django.contrib import admin

from portal.audit.models import Entry
from portal.lib.back_office import ReadOnlyAdmin


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "verb", "agent_slug", "request_id")
    list_filter = ("verb",)
    search_fields = ("=request_id",)
    list_select_related = ("account",)
    show_full_result_count = False
