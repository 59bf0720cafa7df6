"""What the owner of an agent sets of it besides its policy, and which of it cannot be so."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from localization.core import languages
from portal.agents.core.platforms import Platform
from sessions_app.core.facts import PromptKind
from sessions_app.core.policy import Refusal

RESERVED_SLUGS = frozenset({"new"})  # an address of its own among the agents'
LONGEST_SLUG = 63
LONGEST_ORIGIN = 255
LONGEST_NAME = 100  # of a model, a variable, a realm
LONGEST = {"name": 100, "prompt_event": 100, "prompt_text": 2000}
# Field → how many there can be, and what they are.
MOST: Mapping[str, tuple[int, str]] = {
    "languages": (100, "languages"),
    "allowed_origins": (50, "sites"),
    "models": (50, "models"),
    "transfer_targets": (50, "agents"),
    "sensitive_variables": (100, "variables"),
    "owners": (20, "owners"),
}
Identity = Literal["none", "optional", "required"]

_SLUG = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_SLUG - 2}}}[a-z0-9])?")
_REALM = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9._:-]{{0,{LONGEST_NAME - 2}}}[A-Za-z0-9])?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NOT_A_VARIABLE = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of one agent. `script` is of scripted ones; `status` is active or disabled; `transfer_targets` are slugs, and
    `owners` user names. Of an agent in the making, no owners and an empty realm are those of whoever makes it."""

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
    model: str = ""  # used unless a session overrides it; empty leaves it to the bot
    models: tuple[str, ...] = ()  # those that may be chosen for a session
    identity: Identity = "none"
    transfer_targets: tuple[str, ...] = ()  # where users may go to
    remember: bool = True  # memory of identified users goes on into the next session
    sensitive_variables: tuple[str, ...] = ()
    realm: str = ""
    owners: tuple[str, ...] = ()


FIELDS = tuple(field.name for field in fields(Settings))


class NotAnOrigin(ValueError):
    """The text is a sentence for whoever typed it."""


def changes(old: Settings, new: Settings) -> dict[str, tuple[Any, Any]]:
    """Field → (old, new) of everything that differs, in order."""
    was, now = asdict(old), asdict(new)
    return {name: (was[name], now[name]) for name in FIELDS if was[name] != now[name]}


def tidied(settings: Settings) -> Settings:
    """Each name once; owners, who have no order of their own, by name."""
    lists: dict[str, Any] = {name: tuple(dict.fromkeys(getattr(settings, name))) for name in MOST}
    return replace(settings, **lists | {"owners": tuple(sorted(lists["owners"]))})


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


def unix(text: str) -> str:
    """Browsers send every line's end as two signs."""
    return text.replace("\r\n", "\n")


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
    for field, (most, what) in MOST.items():
        if len(getattr(settings, field)) > most:
            yield Refusal(field, f"At most {most} {what}.")
    yield from _of_names(settings)
    if settings.realm and not _REALM.fullmatch(settings.realm):
        yield Refusal(
            "realm",
            f"A realm is 1 to {LONGEST_NAME} letters, digits and the signs . _ : - between them.",
        )


def _of_languages(settings: Settings) -> Iterator[Refusal]:
    if not settings.languages:
        yield Refusal("languages", "An agent speaks at least one language.")
    elif settings.default_language not in settings.languages:
        name = languages.names(settings.default_language).english
        yield Refusal("default_language", f"The default language is one of the agent's languages; {name} is not.")


def _of_names(settings: Settings) -> Iterator[Refusal]:
    """Of models and variables: of each field the first that is none."""
    model = (settings.model,) if settings.model else ()
    for field, names in (
        *(("model", model), ("models", settings.models)),
        ("sensitive_variables", settings.sensitive_variables),
    ):
        if wrong := [name for name in names if not _is_name(name)]:
            yield Refusal(field, f"“{wrong[0][:40]}” is no name: 1 to {LONGEST_NAME} printable characters on one line.")
    if model and settings.models and settings.model not in settings.models:
        yield Refusal("model", f"The model is one of those that may be chosen; “{settings.model}” is not.")
    if _NOT_A_VARIABLE in settings.sensitive_variables:
        yield Refusal("sensitive_variables", "“internal” is Portal's own part of the session data, and no variable.")


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip()


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
