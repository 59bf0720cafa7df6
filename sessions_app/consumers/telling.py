"""What is new in a chat, as frames in the order in which it happened."""

from collections.abc import Sequence
from typing import Any

from sessions_app.consumers import frames
from sessions_app.core.commands import Kind
from sessions_app.core.facts import Facts
from sessions_app.queries.chats import Chat, Line


def news(chat: Chat, *, lines: Sequence[Line], sessions: Sequence[Facts], cleared: int) -> list[str]:
    """An ended session, what leaves the view, its divider, the next session, its lines, and whether the bot is typing.

    `lines` and `sessions` are those the client does not know yet; `cleared` is the last it was told.
    """
    latest = chat.session
    begun = latest if latest is not None and latest in sessions and latest.is_open else None
    written = [_session(chat, facts) for facts in sessions if facts is not begun]
    if chat.cleared > cleared:
        written.append(frames.write("cleared", chat.now, seq=chat.cleared))
    for line in lines:
        if begun is not None and line.session == begun.id:
            written.append(_session(chat, begun))
            begun = None
        written.append(_line(chat, line))
    if begun is not None:
        written.append(_session(chat, begun))
    if latest is not None and latest.unanswered and latest.is_open:
        written.append(frames.write("typing", chat.now, **{"from": "bot"}))
    return written


def _session(chat: Chat, facts: Facts) -> str:
    return frames.write("session", chat.now, session=frames.session(facts), reason=facts.end_reason)


def _line(chat: Chat, line: Line) -> str:
    """A divider frame says what it is by its type."""
    fields: dict[str, Any] = frames.line(line)
    if line.kind == Kind.DIVIDER:
        del fields["kind"]
        return frames.write("divider", chat.now, **fields)
    return frames.write("message", chat.now, **fields)
