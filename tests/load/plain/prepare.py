"""Make the tables and some conversations; their number comes as the only argument."""

import os
import sys

import django
from django.core.management import call_command


def main(conversations: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.load.plain.settings"
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests.load.plain.models import Conversation  # needs Django to be set up

    Conversation.objects.bulk_create(Conversation(user=f"user-{n}") for n in range(conversations))


if __name__ == "__main__":
    main(int(sys.argv[1]))
