"""Agents in the back office: read-only, because their settings are checked and audited on their own pages."""

from django.contrib import admin

from portal.agents.models import Agent
from portal.lib.back_office import ReadOnlyAdmin


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "platform", "default_language", "status", "created_at")
    list_filter = ("platform", "status")
    search_fields = ("name", "slug")
