"""What stands above the pages of one session: whose it is, how it stands, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest

from portal.accounts import auth
from sessions_app.core.why import why
from sessions_app.queries import sessions
from sessions_app.queries.shown import Shown, private_id


@dataclass(frozen=True, slots=True)
class Heading:
    shown: Shown

    @property
    def name(self) -> str:
        return self.shown.user_name or self.shown.user_id

    @property
    def why(self) -> str:
        return why(self.shown.facts, time=_clock_time)


def session_id(text: str) -> UUID:
    """404 for what is no id."""
    found = private_id(text)
    if found is None:
        raise Http404
    return found


def heading(request: HttpRequest, session: UUID) -> Heading:
    """As it is now; 404 where whoever asks does not see the session."""
    shown = sessions.one(auth.principal(request), session)
    if shown is None:
        raise Http404
    return Heading(shown)


def _clock_time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S} UTC"
