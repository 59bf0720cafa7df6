"""What the owner of an agent sets of it besides its policy, and which of it cannot be so."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from localization.core import languages
from portal.agents.core.platforms import Platform
from sessions_app.core.facts import PromptKind
from sessions_app.core.policy import Refusal

RESERVED_SLUGS = frozenset({"new"})  # an address of its own among the agents'
LONGEST_SLUG = 63
MOST_LANGUAGES = 100
MOST_ORIGINS = 50
LONGEST_ORIGIN = 255
LONGEST = {"name": 100, "prompt_event": 100, "prompt_text": 2000}

_SLUG = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_SLUG - 2}}}[a-z0-9])?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of one agent. `script` is of scripted ones; `status` is active or disabled."""

    name: str
    platform: Platform
    languages: tuple[str, ...]
    default_language: str
    prompt_kind: PromptKind = "intent"
    prompt_event: str = "WELCOME"
    prompt_text: str = ""
    allowed_origins: tuple[str, ...] = ()
    status: str = "active"
    script: str = ""


FIELDS = tuple(field.name for field in fields(Settings))


class NotAnOrigin(ValueError):
    """The text is a sentence for whoever typed it."""


def changes(old: Settings, new: Settings) -> dict[str, tuple[Any, Any]]:
    """Field → (old, new) of everything that differs, in order."""
    was, now = asdict(old), asdict(new)
    return {name: (was[name], now[name]) for name in FIELDS if was[name] != now[name]}


def origin(text: str) -> str:
    """One web origin as browsers write it: `https://Shop.example:443/` → `https://shop.example`. Raises NotAnOrigin."""
    try:
        parts = urlsplit(text.strip())
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        raise NotAnOrigin(_origin_sentence(text)) from None
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in _DEFAULT_PORTS or not host or extra:
        raise NotAnOrigin(_origin_sentence(text))
    suffix = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    found = f"{parts.scheme}://{host}{suffix}"
    if len(found) > LONGEST_ORIGIN:
        raise NotAnOrigin(_origin_sentence(text))
    return found


def slug_refusal(slug: str) -> Refusal | None:
    """Why this cannot be an agent's slug; whether it is taken, only the database knows."""
    if slug in RESERVED_SLUGS:
        return Refusal("slug", f"“{slug}” is an address of Portal's own; choose another slug.")
    if not _SLUG.fullmatch(slug):
        return Refusal(
            "slug", "A slug is 1 to 63 small letters, digits and hyphens, and begins and ends with a letter or digit."
        )
    return None


def refusals(settings: Settings) -> tuple[Refusal, ...]:
    """Everything that cannot be so, one sentence each."""
    return tuple(_refusals(settings))


def _refusals(settings: Settings) -> Iterator[Refusal]:
    if not settings.name.strip():
        yield Refusal("name", "An agent needs a name.")
    for field, longest in LONGEST.items():
        if len(getattr(settings, field)) > longest:
            yield Refusal(field, f"At most {longest} characters.")
    yield from _of_languages(settings)
    if settings.prompt_kind == "intent" and not settings.prompt_event.strip():
        yield Refusal("prompt_event", "An intent prompt needs the name of the event that is sent to the bot.")
    if settings.prompt_kind == "preset" and not settings.prompt_text.strip():
        yield Refusal("prompt_text", "A preset prompt needs its text.")
    if len(settings.allowed_origins) > MOST_ORIGINS:
        yield Refusal("allowed_origins", f"At most {MOST_ORIGINS} sites.")


def _of_languages(settings: Settings) -> Iterator[Refusal]:
    if not settings.languages:
        yield Refusal("languages", "An agent speaks at least one language.")
    elif settings.default_language not in settings.languages:
        name = languages.names(settings.default_language).english
        yield Refusal("default_language", f"The default language is one of the agent's languages; {name} is not.")
    if len(settings.languages) > MOST_LANGUAGES:
        yield Refusal("languages", f"At most {MOST_LANGUAGES} languages.")


def _host(name: str) -> str:
    """In the letters of the domain name system; addresses in brackets stay as they are. Raises ValueError."""
    if ":" in name:
        return f"[{name}]"
    encoded = name.encode("idna").decode("ascii").lower()  # UnicodeError is a ValueError
    if encoded and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", encoded):
        raise ValueError(name)
    return encoded


def _origin_sentence(text: str) -> str:
    return f"“{text.strip()[:80]}” is no site; write it like https://shop.example, without a path."
