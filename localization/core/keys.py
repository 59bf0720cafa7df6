"""The messages Portal shows to users, as data (1-product.md, "Localization")."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Key(StrEnum):
    """The name of a message: in the API, in exports, in the database."""

    SESSION_EXPIRED = "session_expired"
    EXPIRY_WARNING = "expiry_warning"
    SESSION_ENDED = "session_ended"
    SESSION_PAUSED = "session_paused"
    SESSION_RESUMED = "session_resumed"
    SESSION_TRANSFERRED = "session_transferred"
    SESSION_LIMIT_REACHED = "session_limit_reached"
    BOT_UNAVAILABLE = "bot_unavailable"


@dataclass(frozen=True, slots=True)
class Message:
    """What a translator is told about one message. `placeholders` are the names it may hold between braces."""

    key: Key
    section: str
    description: str
    placeholders: tuple[str, ...] = ("agent",)


def gettext_noop(message: str) -> str:
    """Mark an English sentence for the translators of the interface; whoever shows it asks for the translation."""
    return message


_ = gettext_noop

# In the order of the page: the divider comes first.
MESSAGES: Mapping[Key, Message] = MappingProxyType(
    {
        message.key: message
        for message in (
            Message(
                Key.SESSION_EXPIRED,
                _("Session Expiration"),
                _("The divider between the old session and the new one, after a session has reached its limit."),
            ),
            Message(
                Key.EXPIRY_WARNING,
                _("Expiration Warning"),
                _("Shown shortly before a session ends. {minutes} is the time left, rounded up to whole minutes."),
                ("agent", "minutes"),
            ),
            Message(
                Key.SESSION_ENDED,
                _("Session Ended"),
                _("The divider after somebody has ended the session."),
            ),
            Message(
                Key.SESSION_PAUSED,
                _("Session Paused"),
                _("Shown when a session is paused, and to somebody who writes meanwhile: the message waits."),
            ),
            Message(
                Key.SESSION_RESUMED,
                _("Session Resumed"),
                _("Shown when a paused session goes on."),
            ),
            Message(
                Key.SESSION_TRANSFERRED,
                _("Session Transferred"),
                _("The divider when another agent takes over. {target} is the name of that agent."),
                ("agent", "target"),
            ),
            Message(
                Key.SESSION_LIMIT_REACHED,
                _("Session Limit Reached"),
                _("Shown to somebody who has as many open sessions as the policy allows."),
            ),
            Message(
                Key.BOT_UNAVAILABLE,
                _("Bot Unavailable"),
                _("The answer when the bot could not be reached in time."),
            ),
        )
    }
)
