"""`manage.py demo`: load the demo into a copy that is one and does not have it yet."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.demo import loading


class Command(BaseCommand):
    help = "Load the demo's people, agents and week of history, unless they are there already."

    def handle(self, *_args: Any, verbosity: int, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This copy is no demo: its accounts would have a known password. `make run` makes one.")
        if loading.is_loaded():
            said = "The demo is there already; nothing was added."
        else:
            said = f"Loaded the demo with {loading.load()} past sessions."
        if verbosity:
            self.stdout.write(said)
