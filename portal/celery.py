"""The Celery application."""

import os

from celery import Celery
from celery.signals import worker_ready

from portal.lib import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("portal.settings:CELERY")


@worker_ready.connect  # type: ignore[untyped-decorator]
def _settle(**_: object) -> None:
    garbage.settle()
