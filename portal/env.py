"""The environment, read once, typed, and refused in one clear sentence.

Values come from the process environment, then from an optional file: `.env` in the repository root, or what
PORTAL_ENV_FILE names. An empty value counts as not set, because that is what `docker compose` hands over for a variable
nobody gave.
Nothing here imports Django: the settings, the runner and the tests all read through this module.
"""

import functools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_REQUIRED: Any = object()


class Misconfigured(SystemExit):
    """A setting this process cannot start with.

    It is a `SystemExit`, so that uvicorn, celery and manage.py all end with the sentence and not with a traceback.
    """


def text(name: str, default: str = _REQUIRED) -> str:
    """The value of `name`, or `default`; without a default the variable must be set."""
    value = os.environ.get(name, "").strip() or _dotenv().get(name, "")
    if not value and default is _REQUIRED:
        raise Misconfigured(f"{name} is not set.")
    return value or default


def integer(name: str, default: int = _REQUIRED, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """A whole number; `minimum` and `maximum` are included in what is allowed."""
    value = text(name, _REQUIRED if default is _REQUIRED else str(default))
    try:
        number = int(value)
    except ValueError:
        raise Misconfigured(f"{name} must be a whole number, not {value!r}.") from None
    if minimum is not None and number < minimum:
        raise Misconfigured(f"{name} must be at least {minimum}, not {number}.")
    if maximum is not None and number > maximum:
        raise Misconfigured(f"{name} must be at most {maximum}, not {number}.")
    return number


def flag(name: str, default: bool = _REQUIRED) -> bool:
    """A yes or no: 1/0, true/false, yes/no, on/off, in any case."""
    value = text(name, _REQUIRED if default is _REQUIRED else str(default)).lower()
    if value in _TRUE | _FALSE:
        return value in _TRUE
    raise Misconfigured(f"{name} must be 1 or 0 (or true/false, yes/no, on/off), not {value!r}.")


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """One of `allowed`."""
    value = text(name, default)
    if value in allowed:
        return value
    raise Misconfigured(f"{name} must be one of {', '.join(filter(None, allowed))}, not {value!r}.")


def items(name: str, default: Sequence[str] = _REQUIRED) -> list[str]:
    """A comma-separated list, without its blanks."""
    value = text(name, _REQUIRED if default is _REQUIRED else ",".join(default))
    return [item.strip() for item in value.split(",") if item.strip()]


def url(name: str, default: str = _REQUIRED, *, schemes: Sequence[str] = ("http", "https")) -> str:
    """An address with one of `schemes` in front; a default is trusted as it is."""
    value = text(name, default)
    if value != default and not _is_address(value, schemes):
        # The value may hold a password, so the sentence shows its form only.
        raise Misconfigured(f"{name} must look like {schemes[0]}://host:port/…, with one of: {', '.join(schemes)}.")
    return value


def path(name: str, default: Path = _REQUIRED) -> Path:
    """A path; a relative one starts at the repository root, wherever the command was typed."""
    value = text(name, _REQUIRED if default is _REQUIRED else str(default))
    return (ROOT / Path(value).expanduser()).resolve()


def home() -> Path:
    """Where this copy keeps its data; two copies with different homes run side by side."""
    return path("PORTAL_HOME", ROOT / ".portal")


def servers() -> dict[str, str]:
    """Addresses of the running copy's own servers (`database_url`, `redis_url`); empty when none is running."""
    file = home() / "servers.json"
    try:
        return dict(json.loads(file.read_text()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, OSError):
        raise Misconfigured(f"{file} cannot be read; stop the running copy and remove this file.") from None


def secret_key() -> str:
    """SECRET_KEY, or what the local runner generated once for this home."""
    file = home() / "secret_key"
    if not (value := text("SECRET_KEY", "")) and file.is_file():
        value = file.read_text().strip()
    if not value:
        raise Misconfigured("SECRET_KEY is not set, and there is no local copy to take one from (see `make run`).")
    return value


def _is_address(value: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/")) and (parts.port or 1) > 0
    except ValueError:
        return False


@functools.cache
def _dotenv() -> dict[str, str]:
    file = ROOT / os.environ.get("PORTAL_ENV_FILE", ".env")
    lines = file.read_text().splitlines() if file.is_file() else []
    return dict(_assignment(line, number) for number, line in enumerate(lines, 1) if line.strip()[:1] not in ("", "#"))


def _assignment(line: str, number: int) -> tuple[str, str]:
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    if not equals or not name.strip().isidentifier():
        raise Misconfigured(f"Line {number} of the file of settings (.env) must look like NAME=value.")
    return name.strip(), _unquoted(value.strip())


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
