"""HTTP and WebSocket entry of the web process, and what it does by itself while it lives."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# A statement that takes longer than anybody waits is given up. Of this process alone: a worker may have much to do.
os.environ.setdefault("PGOPTIONS", "-c statement_timeout=30s")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402  (models load only after Django is set up)

from portal import routing, stand_in  # noqa: E402
from portal.lib.one_thread import OneThreadHandler  # noqa: E402

application = ProtocolTypeRouter(
    {"http": OneThreadHandler(), "websocket": routing.websocket, "lifespan": stand_in.lifespan}
)
