"""Sockets of this part."""

from django.urls import URLPattern, path

from sessions_app.consumers.chat import ChatConsumer
from sessions_app.consumers.live import LiveSessions

sockets: list[URLPattern] = [
    path("ws/chat/", ChatConsumer.as_asgi()),
    path("ws/sessions/", LiveSessions.as_asgi()),
]
