"""HTTP and WebSocket entry of the web process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402  (models load only after Django is set up)

from portal import routing  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": routing.websocket})
