"""What allauth has noted in somebody's session of how they signed in."""

import time
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

RECORDS = "account_authentication_methods"


def methods(session: SessionBase) -> set[str]:
    """“password”, “mfa”, “socialaccount”, “code”."""
    return {str(record.get("method")) for record in _records(session)}


def is_over(session: SessionBase) -> bool:
    """Whether the first of it is longer ago than a sign-in lasts. By the clock that allauth has noted it with: to ask
    the database's, at every request, would be dear for a matter of days."""
    began = min((record["at"] for record in _records(session)), default=None)
    return began is not None and time.time() - began > timedelta(days=settings.SIGN_IN_DAYS).total_seconds()


def _records(session: SessionBase) -> list[dict[str, float]]:
    found = session.get(RECORDS)
    return found if isinstance(found, list) else []
