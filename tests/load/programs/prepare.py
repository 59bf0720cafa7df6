"""The tables, an agent that nobody answers for, somebody who runs it, and one chat to make others from."""

from datetime import timedelta
from typing import Any

from django.core.management import call_command

from portal.accounts import auth
from tests import cast

DAY = timedelta(days=1)
# Nothing falls due while it is measured but what was made to.
POLICY = {"session_duration": DAY, "idle_timeout": DAY, "max_duration": 30 * DAY}


def work() -> dict[str, Any]:
    call_command("migrate", interactive=False, verbosity=0)
    owner = cast.account("olga")
    agent = cast.agent("bench", owner=owner, policy=POLICY)
    session = cast.chatting(agent)
    return {
        "slug": agent.slug,
        "token": auth.mint_token(account=owner, name="bench"),
        "template": str(session.pk),
    }
