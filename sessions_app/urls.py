"""Addresses of this part: pages for those who run agents, and the public chat."""

from django.urls import URLPattern, path

from portal.accounts.sign_in.recent import confirmed
from sessions_app.views import (
    agent_settings,
    agents,
    building,
    bulk,
    chat,
    deeds,
    export,
    management,
    mine,
    mine_deeds,
    one,
    one_deeds,
    one_files,
    overview,
    policy,
    session_data,
    sessions,
    timeline,
)

pages: list[URLPattern] = [
    path("", overview.show, name="overview"),
    path("agents/", agents.agents, name="agents"),
    path("agents/new/", building.agent_new, name="agent-new"),
    path("agents/new/slug/", building.slug, name="agent-new-slug"),
    path("agents/<slug:slug>/", agents.agent, name="agent"),
    path("agents/<slug:slug>/settings/", agent_settings.agent_settings, name="agent-settings"),
    path(
        "agents/<slug:slug>/settings/identity-secret/",
        confirmed(agent_settings.identity_secret),
        name="agent-identity-secret",
    ),
    path("agents/<slug:slug>/session-policy/", policy.session_policy, name="session-policy"),
    path("agents/<slug:slug>/sessions/", sessions.agent_sessions, name="agent-sessions"),
    path("sessions/", sessions.all_sessions, name="sessions"),
    path("sessions/bulk/", bulk.sessions_bulk, name="sessions-bulk"),  # before what takes any id
    path("sessions/export/", export.sessions_export, name="sessions-export"),
    path("sessions/<str:id>/", one.session, name="session"),
    path("sessions/<str:id>/lines/", one.session_lines, name="session-lines"),
    path("sessions/<str:id>/transcript.txt", one_files.as_text, name="session-text"),
    path("sessions/<str:id>/transcript.json", one_files.as_json, name="session-json"),
    path("sessions/<str:id>/do/", one_deeds.do, name="session-do"),
    path("sessions/<str:id>/write/", one_deeds.write, name="session-write"),
    path("sessions/<str:id>/end/", deeds.end, name="session-end"),
    path("sessions/<str:id>/pause/", deeds.pause, name="session-pause"),
    path("sessions/<str:id>/resume/", deeds.resume, name="session-resume"),
    path("sessions/<str:id>/transfer/cancel/", deeds.cancel_transfer, name="session-transfer-cancel"),
    path("sessions/<str:id>/timeline/", timeline.timeline, name="session-timeline"),
    path("sessions/<str:id>/data/", session_data.session_data, name="session-data"),
    path("sessions/<str:id>/data/reveal/", session_data.reveal, name="session-data-reveal"),
    path("session-management/", management.session_management, name="session-management"),
    path("session-policy/preview/", policy.preview, name="policy-preview"),
]
# Everybody who has an account has these.
own: list[URLPattern] = [
    path("me/sessions/", mine.my_sessions, name="my-sessions"),
    path("me/sessions/<uuid:id>/", mine.my_session, name="my-session"),
    path("me/sessions/<uuid:id>/lines/", mine.my_session_lines, name="my-session-lines"),
    path("me/sessions/<uuid:id>/end/", mine_deeds.end, name="my-session-end"),
    path("me/sessions/<uuid:id>/pause/", mine_deeds.pause, name="my-session-pause"),
    path("me/sessions/<uuid:id>/resume/", mine_deeds.resume, name="my-session-resume"),
    path("me/sessions/<uuid:id>/extend/", mine_deeds.extend, name="my-session-extend"),
    path("me/sessions/<uuid:id>/transfer/", mine_deeds.transfer, name="my-session-transfer"),
    path("me/sessions/<uuid:id>/transfer/cancel/", mine_deeds.cancel_transfer, name="my-session-transfer-cancel"),
]
public: list[URLPattern] = [path("chat/<slug:slug>/", chat.hosted, name="chat")]
