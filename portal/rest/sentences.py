"""What a schema did not like, as sentences per field."""

from collections.abc import Iterable, Mapping
from typing import Any

SENTENCES = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field.",
    "string_too_long": "At most {max_length:,} characters.",
    "string_too_short": "At least {min_length:,} characters.",
    "string_type": "This must be a text.",
    "literal_error": "This must be {expected}.",
    "enum": "This must be {expected}.",
    "bool_parsing": "This must be true or false.",
    "bool_type": "This must be true or false.",
    "int_parsing": "This must be a whole number.",
    "int_type": "This must be a whole number.",
    "greater_than_equal": "At least {ge:,}.",
    "less_than_equal": "At most {le:,}.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "uuid_parsing": "This is not an id.",
    "timezone_aware": "This needs a time zone, as in 2026-11-21T10:05:00Z.",
}


def by_field(found: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Field → sentences, from errors of pydantic with ninja's place in front. A nested field is `user.id`."""
    errors: dict[str, list[str]] = {}
    for error in found:
        errors.setdefault(_field(error["loc"]), []).append(_sentence(error))
    return errors


def summary(errors: Mapping[str, list[str]]) -> str:
    """One line for `detail`."""
    return " ".join(f"{field}: {sentence}" for field, sentences in errors.items() for sentence in sentences)


def _field(place: tuple[Any, ...]) -> str:
    """`("body", "body", "user", "id")` → `user.id`: what an operation calls its parameter tells nobody anything."""
    source, *path = place
    named = path[1:] if path[:1] in (["body"], ["query"]) else path
    return ".".join(map(str, named)) or str(source)


def _sentence(error: Mapping[str, Any]) -> str:
    known = SENTENCES.get(error["type"])
    if known is not None:
        return known.format(**error.get("ctx", {}))
    message = str(error["msg"]).removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
