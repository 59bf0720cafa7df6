"""The grammar of an answer: a list of messages, sent in order, and what it means for the session.

    replies:
      - Your order is on its way.
      - one_of: ["Anything else?", "Can I help you with anything else?"]
      - text: You can also ask for a person.
        buttons:
          - {text: Talk to a person, event: HUMAN}
    wants_human: false
    ends_session: false

`{name}` in a text is the user's name; variants of `one_of` that have it are left out when the name is not known.
"""

import re

from sessions_app.engines.scripting.reading import Item, Reader
from sessions_app.engines.scripting.script import Answer, Button, Message

FIELDS = ("replies", "ends_session", "wants_human")
MAX_MESSAGES = 10
MAX_VARIANTS = 20
MAX_BUTTONS = 10
MAX_TEXT = 2_000
MAX_LABEL = 100

_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def read(reader: Reader, item: Item, *, of: str) -> Answer:
    return assemble(reader, reader.fields(item, of=of, known=FIELDS, needs=("replies",)))


def assemble(reader: Reader, fields: dict[str, Item]) -> Answer:
    """The answer in the fields of an intent or event."""
    entries = reader.items(fields["replies"], of="“replies”", at_most=MAX_MESSAGES) if "replies" in fields else []
    return Answer(
        messages=tuple(_message(reader, entry) for entry in entries),
        ends_session=reader.flag(fields.get("ends_session"), of="“ends_session”"),
        wants_human=reader.flag(fields.get("wants_human"), of="“wants_human”"),
    )


def _message(reader: Reader, item: Item) -> Message:
    if not item.has_fields:
        return Message(variants=(_text(reader, item),))
    fields = reader.fields(item, of="A reply", known=("text", "one_of", "buttons"))
    return Message(variants=_variants(reader, fields, line=item.line), buttons=_buttons(reader, fields.get("buttons")))


def _variants(reader: Reader, fields: dict[str, Item], *, line: int) -> tuple[str, ...]:
    if ("text" in fields) == ("one_of" in fields):
        reader.note(line, "A reply with fields has either “text” or “one_of”.")
        return ()
    if "text" in fields:
        return (_text(reader, fields["text"]),)
    entries = reader.items(fields["one_of"], of="“one_of”", at_most=MAX_VARIANTS)
    return tuple(_text(reader, entry) for entry in entries)


def _text(reader: Reader, item: Item) -> str:
    text = reader.text(item, of="A reply", at_most=MAX_TEXT)
    for name in _PLACEHOLDER.findall(text):
        if name != "name":
            reader.note(item.line, f"“{{{name[:100]}}}” cannot be filled in; only {{name}} can.")
    return text


def _buttons(reader: Reader, item: Item | None) -> tuple[Button, ...]:
    entries = reader.items(item, of="“buttons”", at_most=MAX_BUTTONS) if item else []
    return tuple(_button(reader, entry) for entry in entries)


def _button(reader: Reader, item: Item) -> Button:
    fields = reader.fields(item, of="A button", known=("text", "event", "postback"), needs=("text",))
    if ("event" in fields) == ("postback" in fields):
        reader.note(item.line, "A button has either “event” or “postback”: what it does when pressed.")
    label, event, postback = (_label(reader, fields, name) for name in ("text", "event", "postback"))
    return Button(text=label or "", event=event, postback=postback, line=item.line)


def _label(reader: Reader, fields: dict[str, Item], name: str) -> str | None:
    return reader.text(fields[name], of=f"“{name}” of a button", at_most=MAX_LABEL) if name in fields else None
