"""What is new in a chat, as frames in the order in which it happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sessions_app.consumers import frames
from sessions_app.core.commands import Kind
from sessions_app.core.facts import Facts
from sessions_app.queries.chats import Chat, Line


@dataclass(frozen=True, slots=True)
class Standing:
    """How a chat stands, beside its lines and sessions: from where it is in view, and who speaks with the user."""

    cleared: int = 0
    agent: str = ""
    talker: str | None = None

    @classmethod
    def of(cls, chat: Chat, *, before: "Standing | None" = None) -> "Standing":
        """What has left the view never comes back into it, whichever look was the later one."""
        return cls(max(chat.cleared, before.cleared if before else 0), chat.answering.slug, chat.talker)


def ready(chat: Chat) -> str:
    """A chat from the beginning: what is in it, and who speaks with the user."""
    latest = chat.session
    return frames.write(
        "ready",
        chat.now,
        thread=str(chat.thread),
        agent=frames.agent(chat.answering),
        session=frames.session(latest, leads_on=chat.leads_on) if latest else None,
        messages=[frames.line(line) for line in chat.lines],
        seq=chat.seq,
        cleared=chat.cleared,
        **{"with": chat.talker},
    )


def news(chat: Chat, *, lines: Sequence[Line], sessions: Sequence[Facts], before: Standing) -> list[str]:
    """An ended session, what leaves the view, its divider, the next session, its lines, who answers from now on, and
    whether the bot is typing.

    `lines` and `sessions` are those the client does not know yet; `before` is what it was told last.
    """
    latest = chat.session
    begun = latest if latest is not None and latest in sessions and latest.is_open else None
    written = [_session(chat, facts) for facts in sessions if facts is not begun]
    if chat.cleared > before.cleared:
        written.append(frames.write("cleared", chat.now, seq=chat.cleared))
    for line in lines:
        if begun is not None and line.session == begun.id:
            written.append(_session(chat, begun))
            begun = None
        written.append(_line(chat, line))
    if begun is not None:
        written.append(_session(chat, begun))
    written += _who(chat, before)
    if latest is not None and latest.unanswered and latest.is_open and not latest.in_live_chat:
        written.append(frames.write("typing", chat.now, **{"from": "bot"}))
    return written


def _who(chat: Chat, before: Standing) -> Iterator[str]:
    """Another agent, another human, or none any more."""
    if chat.answering.slug != before.agent:
        yield frames.write("transferred", chat.now, agent=frames.agent(chat.answering))
    if chat.talker != before.talker:
        yield frames.write("live_chat", chat.now, **{"with": chat.talker})


def _session(chat: Chat, facts: Facts) -> str:
    told = frames.session(facts, leads_on=chat.leads_on)
    return frames.write("session", chat.now, session=told, reason=facts.end_reason)


def _line(chat: Chat, line: Line) -> str:
    """A divider frame says what it is by its type."""
    fields: dict[str, Any] = frames.line(line)
    if line.kind == Kind.DIVIDER:
        del fields["kind"]
        return frames.write("divider", chat.now, **fields)
    return frames.write("message", chat.now, **fields)
