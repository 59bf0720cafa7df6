"""Lifecycle records in the back office: read-only, and no words of the chats."""

from django.contrib import admin

from portal.lib.back_office import ReadOnlyAdmin
from sessions_app.models import ChatSession, Event, PolicyVersion


@admin.register(ChatSession)
class ChatSessionAdmin(ReadOnlyAdmin):
    list_display = ("id", "agent", "state", "started_at", "ended_at", "end_reason", "silent", "row_version")
    list_filter = ("state", "end_reason", "version")
    list_select_related = ("agent",)
    exclude = ("user", "thread")
    show_full_result_count = False


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("agent", "number", "author", "saved_at", "reason")
    list_select_related = ("agent", "author")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Timelines by session id: there are too many events to browse."""

    list_display = ("at", "type", "session_id", "actor", "cause", "policy_version")
    list_filter = ("type",)
    search_fields = ("session__id__exact",)
    ordering = ("-id",)
    raw_id_fields = ("session",)
    show_full_result_count = False
