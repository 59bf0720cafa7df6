"""How long one statement may take: of a web process, and of a worker."""

import os
import subprocess
import sys

import pytest

ASK = """
import {entry}
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
connection.close()
connection.close_pool()
"""


@pytest.mark.parametrize(("entry", "longest"), [("portal.asgi", "30s"), ("portal.celery", "0")])
def test_a_page_waits_half_a_minute_and_a_worker_as_long_as_it_takes(entry: str, longest: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PGOPTIONS"}
    environment["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    told = subprocess.run(
        [sys.executable, "-c", ASK.format(entry=entry)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert told.stdout.split()[-1:] == [longest], told.stderr
