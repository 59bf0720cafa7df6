"""HTTP and WebSocket entry of the web process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402  (models load only after Django is set up)

from portal import routing  # noqa: E402
from portal.lib.one_thread import OneThreadHandler  # noqa: E402

application = ProtocolTypeRouter({"http": OneThreadHandler(), "websocket": routing.websocket})
