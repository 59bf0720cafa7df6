"""What is said of a deed on many sessions: before it, and of what came of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sessions_app.actions.bulk import Action, Item
from sessions_app.core.facts import EndReason, State
from sessions_app.forms.filters import Asked
from sessions_app.fragments import END_REASONS
from sessions_app.queries.tabs import Tab

LISTED = 100  # of those to which it was not done

BUTTONS: Mapping[Action, Any] = {
    "end": gettext_lazy("End them"),
    "pause": gettext_lazy("Pause them"),
    "resume": gettext_lazy("Resume them"),
}
CONSEQUENCES: Mapping[Action, Any] = {
    "end": gettext_lazy(
        "They end now and for good, and their users are told so. The chat history stays; what a user writes next "
        "opens a new session. What has ended already stays as it is."
    ),
    "pause": gettext_lazy(
        "Both clocks of each stand until it is resumed; what its user writes is kept until then. Where a human talks "
        "with the user, the session is skipped."
    ),
    "resume": gettext_lazy(
        "Each goes on with the time that was left; what its user wrote meanwhile is then put to the bot. What was not "
        "paused stays as it is."
    ),
}
STATES: Mapping[State, Any] = {
    State.LIVE: gettext_lazy("live"),
    State.IDLE: gettext_lazy("idle"),
    State.PAUSED: gettext_lazy("paused"),
    State.ENDED: gettext_lazy("ended"),
}
# Of a filter; "open" is none of the states, and "any" is no filter.
ASKED_STATES: Mapping[str, Any] = {
    "open": gettext_lazy("open"),
    **{state.value: word for state, word in STATES.items()},
}
REASONS: Mapping[str, Any] = {
    "session_ended": gettext_lazy("It had ended."),
    "session_paused": gettext_lazy("It was paused."),
    "live_chat_running": gettext_lazy("A human talks with the user; hand back to the bot first."),
    "state_changed": gettext_lazy("It was in another state by then."),
    "not_found": gettext_lazy("It is not there any more, or not for you."),
    "forbidden": gettext_lazy("You may see it, but not do this."),
}


def title(action: Action, number: int) -> str:
    forms = {
        "end": ngettext("End %(n)s session?", "End %(n)s sessions?", number),
        "pause": ngettext("Pause %(n)s session?", "Pause %(n)s sessions?", number),
        "resume": ngettext("Resume %(n)s session?", "Resume %(n)s sessions?", number),
    }
    return forms[action] % {"n": f"{number:,}"}


def done(action: Action, number: int) -> str:
    forms = {
        "end": ngettext("%(n)s session has ended", "%(n)s sessions have ended", number),
        "pause": ngettext("%(n)s session is paused", "%(n)s sessions are paused", number),
        "resume": ngettext("%(n)s session goes on", "%(n)s sessions go on", number),
    }
    return forms[action] % {"n": f"{number:,}"}


def moved_on(saw: int, number: int) -> str:
    """There are not as many as were confirmed."""
    about = {"saw": f"{saw:,}", "now": f"{number:,}"}
    return _("Nothing was done: you confirmed %(saw)s sessions, and by now there are %(now)s. Look once more.") % about


def states(found: Mapping[State, int]) -> list[tuple[State, str]]:
    return [(state, f"{number:,} {STATES[state]}") for state, number in found.items()]


def filter_of(asked: Asked, tab: Tab) -> str:
    """What the page was filtered by, in one line."""
    return " · ".join(_filter_of(asked, tab))


def _filter_of(asked: Asked, tab: Tab) -> Iterator[str]:
    yield _("agent %(name)s") % {"name": tab.agent.name} if tab.agent else _("all your agents")
    wanted = asked.wanted
    yield str(ASKED_STATES[wanted.state]) if wanted.state in ASKED_STATES else _("any state")
    if wanted.language:
        yield wanted.language
    if wanted.end_reason:
        yield str(END_REASONS[EndReason(wanted.end_reason)])
    if wanted.q:
        yield f"“{wanted.q}”"


@dataclass(frozen=True, slots=True)
class Line:
    """How many came to this end."""

    result: str
    number: str
    sentence: str


def tally(items: Sequence[Item]) -> list[Line]:
    said = {
        "ok": _("done"),
        "already": _("were so already"),
        "skipped": _("skipped: it could not be done to them"),
        "denied": _("denied: not yours, or not there any more"),
    }
    numbers: Counter[str] = Counter(item.result for item in items)
    return [Line(result, f"{numbers[result]:,}", sentence) for result, sentence in said.items() if numbers[result]]


@dataclass(frozen=True, slots=True)
class Failure:
    """One session to which it was not done. `url` leads to it, "" where it is not visible."""

    name: str
    url: str
    why: str
    result: str


def failures(failed: Sequence[Item], names: Mapping[UUID, str]) -> list[Failure]:
    return [_failure(item, names.get(item.id, "")) for item in failed[:LISTED]]


def _failure(item: Item, name: str) -> Failure:
    url = reverse("session", args=[item.public_id]) if name else ""
    why = REASONS.get(item.reason or "", item.reason or "")
    return Failure(name or item.public_id, url, str(why), item.result)
