"""Where translators work (1-product.md, "Pages")."""

from django.urls import path

from localization.views import agent, board, text

urlpatterns = [
    path("localization/", board.board, name="localization"),
    path("agents/<slug:slug>/localization/", agent.agent_messages, name="agent-localization"),
    path("agents/<slug:slug>/localization/<slug:key>/<str:language>/", text.message_text, name="message-text"),
]
