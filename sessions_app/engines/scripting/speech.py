"""What a bot says: an answer's messages with one variant of each chosen and the user's name filled in."""

import hashlib
import re
from typing import Any

from sessions_app.engines.scripting.script import Answer, Button, Message
from sessions_app.engines.turn import ReplyMessage

_NAME = "{name}"
_NAME_AND_WHAT_LEADS_TO_IT = re.compile(r"[\s,،、]*\{name\}")


def say(answer: Answer, *, seed: str, name: str) -> tuple[ReplyMessage, ...]:
    """The same seed says the same: a repeated turn is answered alike, and so is a test."""
    return tuple(
        ReplyMessage(text=_text(message, seed=f"{seed}\0{number}", name=name), payload=_payload(message.buttons))
        for number, message in enumerate(answer.messages)
    )


def _text(message: Message, *, seed: str, name: str) -> str:
    """Replaced, never formatted: a name is somebody's typed text, and braces in it are just braces."""
    variants = message.variants
    if not name:
        variants = tuple(variant for variant in variants if _NAME not in variant) or variants
    variant = variants[_draw(seed) % len(variants)]
    return variant.replace(_NAME, name) if name else _NAME_AND_WHAT_LEADS_TO_IT.sub("", variant)


def _draw(seed: str) -> int:
    return int.from_bytes(hashlib.blake2s(seed.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _payload(buttons: tuple[Button, ...]) -> dict[str, Any] | None:
    return {"buttons": [_button(button) for button in buttons]} if buttons else None


def _button(button: Button) -> dict[str, str]:
    if button.event:
        return {"text": button.text, "event": button.event}
    return {"text": button.text, "postback": button.postback or ""}
