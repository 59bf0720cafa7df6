"""A session's history in plain words: what happened, who did it, why, and what it did to the clocks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib import durations
from sessions_app.core.chronicle import Clocks, Moment
from sessions_app.core.commands import BOT, PORTAL, USER, Kind, Sender
from sessions_app.core.decision import Event, Message
from sessions_app.core.facts import EndReason, State
from sessions_app.fragments import END_REASONS
from sessions_app.queries.histories import Place

EVENTS: Mapping[str, Promise] = {
    "session.started": gettext_lazy("The session began"),
    "session.idle": gettext_lazy("Went idle"),
    "session.active": gettext_lazy("Live again"),
    "session.paused": gettext_lazy("Paused"),
    "session.resumed": gettext_lazy("Resumed"),
    "session.extended": gettext_lazy("Extended: the inactivity clock began anew"),
    "session.ended": gettext_lazy("Ended"),
    "session.transferred": gettext_lazy("Handed on to another agent"),
    "session.transfer_cancelled": gettext_lazy("The transfer is off"),
    "session.picked_up": gettext_lazy("The other agent picked up, in a session of its own"),
    "session.archived": gettext_lazy("Archived"),
    "session.erased": gettext_lazy("Erased"),
    "session.held": gettext_lazy("The next message was held: it waits for the end of the pause"),
    "session.cleared": gettext_lazy("The user’s view was cleared"),
    "session.live_chat_requested": gettext_lazy("A human was asked for"),
    "session.live_chat_started": gettext_lazy("A human took over"),
    "session.live_chat_ended": gettext_lazy("The live chat ended"),
    "session.model_changed": gettext_lazy("The model was changed"),
    "session.policy_changed": gettext_lazy("A newer policy applies"),
    "session.data_changed": gettext_lazy("Session data changed"),
    "engine.answered": gettext_lazy("The bot answered without a message"),
    "engine.failed": gettext_lazy("The bot could not answer"),
    "engine.context_lost": gettext_lazy("The platform’s own memory of the talk may be gone"),
}
CAUSES: Mapping[str, Promise] = {
    **{reason.value: label for reason, label in END_REASONS.items()},
    "opened": gettext_lazy("the chat was opened"),
    "message": gettext_lazy("the user wrote"),
    "late_message": gettext_lazy("the user wrote after the end of the session before"),
    "limit_reached": gettext_lazy("the session before had reached its limit"),
    "new_chat": gettext_lazy("a new chat was begun"),
    "api": gettext_lazy("started through the API"),
    "transfer": gettext_lazy("it was handed on by another agent"),
    "transfer_impossible": gettext_lazy("the agent it was handed on to cannot answer"),
    "idle_timeout": gettext_lazy("the idle timeout"),
    "user_turn": gettext_lazy("the user wrote"),
    "intent_prompt": gettext_lazy("the agent’s prompt"),
    "held_messages": gettext_lazy("messages that were held"),
    "extended": gettext_lazy("it was extended"),
    "live_chat_ended": gettext_lazy("handed back to the bot"),
    "policy_changed": gettext_lazy("the policy was changed"),
    "auto_archive_after": gettext_lazy("the policy’s auto-archive"),
    "session_data_retention": gettext_lazy("how long the policy keeps session data"),
    "transcript_retention": gettext_lazy("how long the policy keeps transcripts"),
    "cancelled": gettext_lazy("it was cancelled"),
    "lapsed": gettext_lazy("the user did not come back in time"),
    "impossible": gettext_lazy("the other agent cannot answer any more"),
}
ERASED = {"data": gettext_lazy("Session data erased"), "transcript": gettext_lazy("Transcript erased")}
SAID = {
    Sender.USER: gettext_lazy("Message %d from the user"),
    Sender.BOT: gettext_lazy("Message %d from the bot"),
    Sender.HUMAN: gettext_lazy("Message %d from a human"),
    Sender.PORTAL: gettext_lazy("Message %d: the agent’s prompt, put to the bot"),
}
MOST_NAMES = 12  # of variables in one line


class Placed(Protocol):
    """A line of the history with its place."""

    @property
    def place(self) -> Place: ...
    @property
    def moment(self) -> Moment: ...


@dataclass(frozen=True, slots=True)
class Move:
    """One clock before and after; `before` is None where it began to run."""

    label: str
    before: datetime | None
    after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line as the page shows it. `message` is its number in the transcript, 0 of an event; `given` the reason that
    somebody gave; `version` 0 where no policy is named; `stopped` says why the clocks do not run any more."""

    place: Place
    at: datetime
    what: str
    message: int = 0
    detail: str = ""
    actor: str = ""
    cause: str = ""
    given: str = ""
    version: int = 0
    moves: tuple[Move, ...] = ()
    stopped: str = ""
    day: bool = False  # another one than that of the line before

    @property
    def older(self) -> int:
        """The list of versions begins with this one where it is asked for those before that number."""
        return self.version + 1

    @property
    def moved(self) -> bool:
        return bool(self.moves or self.stopped)


def items(
    lines: Sequence[Placed], *, before: Placed | None, names: Mapping[str, str], user: str, whole: bool
) -> list[Item]:
    """`names` are of the people who did something; what the clocks did is told of a `whole` history only. `before` is
    the line that their reader has already."""
    told = [_item(line.place, line.moment, names, user, whole) for line in lines]
    days = [before.moment.line.at.date() if before else None, *(item.at.date() for item in told)]
    return [replace(item, day=item.at.date() != day) for item, day in zip(told, days, strict=False)]


def _item(place: Place, moment: Moment, names: Mapping[str, str], user: str, whole: bool) -> Item:
    clocks: dict[str, Any] = {"moves": tuple(_moves(moment)), "stopped": _stopped(moment)} if whole else {}
    if isinstance(moment.line, Message):
        return _message(place, moment.line, clocks)
    event = moment.line
    return Item(
        place=place,
        at=event.at,
        what=_what(event),
        detail=_detail(event),
        actor=actor(event, names=names, user=user),
        cause=str(CAUSES.get(event.cause, event.cause)),
        given=str(event.detail.get("given", "")),
        version=event.policy_version,
        **clocks,
    )


def _message(place: Place, message: Message, clocks: Mapping[str, Any]) -> Item:
    said = _("Message %d: the divider, as the user saw it") if message.kind is Kind.DIVIDER else SAID[message.sender]
    notes = [_("held during the pause")] if message.held else []
    notes += [_("after the end")] if message.after_end else []
    return Item(
        place=place, at=message.at, what=said % message.seq, message=message.seq, detail=", ".join(notes), **clocks
    )


# ── events
def _what(event: Event) -> str:
    if event.type == "session.erased":
        return str(ERASED.get(event.detail.get("what", ""), EVENTS[event.type]))
    return str(EVENTS.get(event.type, event.type))


def _detail(event: Event) -> str:
    tell = _DETAILS.get(event.type)
    return tell(event.detail) if tell else ""


def _of_start(detail: Mapping[str, Any]) -> str:
    return ", ".join(str(detail[name]) for name in ("channel", "language") if detail.get(name))


def _of_end(detail: Mapping[str, Any]) -> str:
    return _("silently: the user was shown nothing") if detail.get("silent") else ""


def _of_data(detail: Mapping[str, Any]) -> str:
    if "language" in detail:
        return str(_("language: %s") % detail["language"])
    named = list(detail.get("variables", ()))
    more = len(named) - MOST_NAMES
    listed: str = ", ".join(named[:MOST_NAMES])
    return _("%(names)s and %(number)d more") % {"names": listed, "number": more} if more > 0 else listed


def _of_model(detail: Mapping[str, Any]) -> str:
    return str(detail.get("model") or _("the agent’s own again"))


def _of_policy(detail: Mapping[str, Any]) -> str:
    return f"v{detail['from']} → v{detail['to']}" if {"from", "to"} <= detail.keys() else ""


_DETAILS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "session.started": _of_start,
    "session.ended": _of_end,
    "session.transferred": lambda detail: str(detail.get("to", "")),
    "session.data_changed": _of_data,
    "session.model_changed": _of_model,
    "session.policy_changed": _of_policy,
    "engine.failed": lambda detail: str(detail.get("failure", "")),
}
_BY_POLICY = ("policy_changed", "auto_archive_after", "session_data_retention", "transcript_retention")
_LIMITS = ("idle_timeout", EndReason.EXPIRED, EndReason.MAX_DURATION, EndReason.RETENTION, "lapsed")


def actor(event: Event, *, names: Mapping[str, str], user: str) -> str:
    """Who did it: of what nobody did, the policy or time itself."""
    if found := person(event.actor, names=names, user=user):
        return found
    if event.cause in _BY_POLICY:
        return _("the policy")
    return _("the clock") if event.cause in _LIMITS else _("Portal")


def person(actor: str, *, names: Mapping[str, str], user: str) -> str:
    """The name of an actor; "" of Portal itself."""
    if actor == USER:
        return _("%s, the user") % user
    if actor == BOT:
        return _("the bot")
    return "" if actor == PORTAL else names.get(actor) or _("an account that is gone")


# ── clocks
def _moves(moment: Moment) -> Iterator[Move]:
    before, after = moment.before, moment.after
    if before == after or after.ends_at is None:
        return
    if _is_one(after) and (before.ends_at is None or _is_one(before)):
        yield Move(_("Goes idle and ends"), before.ends_at, after.ends_at)
        return
    if after.idle_at is not None and after.idle_at != before.idle_at:
        yield Move(_("Goes idle"), before.idle_at, after.idle_at)
    if after.ends_at != before.ends_at:
        yield Move(_("Ends"), before.ends_at, after.ends_at)


def _is_one(clocks: Clocks) -> bool:
    """Both fall on one instant."""
    return clocks.idle_at == clocks.ends_at


def _stopped(moment: Moment) -> str:
    if moment.before.ends_at is None or moment.after.ends_at is not None:
        return ""
    if moment.state is not State.PAUSED:
        return _("Both clocks are over")
    left = durations.clock(moment.before.ends_at - moment.line.at)
    return _("Both clocks stand: %s left") % left
