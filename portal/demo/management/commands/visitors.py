"""`manage.py visitors`: simulated people who go on chatting through the public API, until they are told to stop."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demo.visitors import life


class Command(BaseCommand):
    help = "Let VISITORS simulated people chat with the demo's agents, through the public API, until Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This copy is no demo: simulated people have no business here.")
        asyncio.run(_until_asked_to_stop(f"http://127.0.0.1:{settings.PORT}", settings.VISITORS))


async def _until_asked_to_stop(address: str, number: int) -> None:
    living = asyncio.create_task(life.all_of_them(address, number=number))
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, living.cancel)
    await asyncio.wait([living])
    if not living.cancelled() and (failed := living.exception()):
        raise failed
