"""Bring the database of a local copy up to date and, when it is a demo, load the demo.

One process for both: a start of Django costs as much as the work. It says two things on stdout: a line when the tables
are there, so that the web may start beside the rest, and at the end the welcome.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    """Migrate; load the demo where the settings say that this copy may have one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    print("The tables are there.", flush=True)
    if settings.DEMO:
        call_command("demo", verbosity=0, stdout=sys.stderr)
    about = _who() if settings.DEMO else _first_account()
    print(f"\nPortal is ready: {settings.PORTAL_URL}\n{about}\nStop with Ctrl-C.\n")


def _who() -> str:
    from portal.demo import people  # needs Django to be set up

    lines = [f"  {account.username:<6}{account.who}" for account in people.ACCOUNTS]
    return "\n".join(["", *lines, "", f"The password of all of them is {people.PASSWORD}."])


def _first_account() -> str:
    return "Make the first account: .venv/bin/python manage.py createsuperuser"


if __name__ == "__main__":
    main()
