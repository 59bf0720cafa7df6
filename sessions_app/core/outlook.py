"""What happens to a session, and to what is kept of it, after a user's first and only message: for pages that explain
a policy before it is saved. The rules are those of 2-lifecycle.md; `deadlines` has them for sessions that run."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sessions_app.core.policy import Policy

Name = Literal["message", "warning", "idle", "ended", "archived", "data_erased", "transcript_erased"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens `after` the message. `setting` is the one that decides it; none does the message."""

    name: Name
    after: timedelta
    setting: str = ""


def outlook(policy: Policy) -> tuple[Moment, ...]:
    """In the order in which it happens; where two fall on one instant, idle comes before the end."""
    ends = min(policy.session_duration, policy.max_duration)
    idle = min(policy.idle_timeout, ends)
    found = [
        Moment("message", timedelta(0)),
        Moment("idle", idle, "idle_timeout"),
        Moment("ended", ends, "session_duration" if ends == policy.session_duration else "max_duration"),
        Moment("archived", ends + policy.auto_archive_after, "auto_archive_after"),
        Moment("data_erased", policy.session_data_retention, "session_data_retention"),
    ]
    if policy.warn_before:
        warned = ends - min(policy.warn_before, policy.session_duration / 2)
        found.insert(1, Moment("warning", max(warned, timedelta(0)), "warn_before"))
    if policy.transcript_retention is not None:
        found.append(Moment("transcript_erased", policy.transcript_retention, "transcript_retention"))
    return tuple(sorted(found, key=lambda moment: moment.after))
