"""JSON from outside, held to what can be kept: UTF-8, real numbers, text that PostgreSQL stores, some depth."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

DEEPEST = 50
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Only an escape can bring in such a character: of NUL, or half of a pair.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_NO_BRACKET = re.compile(r"[^\[\]{}]+")


class NotJson(ValueError):
    """The text is a sentence for whoever sent it."""


def loads(body: bytes) -> Any:
    """The value of a JSON text. Raises NotJson, also for what JSON can say and a database cannot keep: NaN, 1e999,
    NUL, half a surrogate pair, more than DEEPEST levels."""
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError:
        raise NotJson("This is not JSON: it is not UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise NotJson(f"This is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except NotJson:
        raise
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise NotJson("A number has too many digits.") from None
    if text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST:
        raise _too_deep()
    if _SUSPECT.search(text):
        _check(value)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a number.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson(f"{digits[:40]} is too large a number.")
    return number


def _depth(text: str) -> int:
    """How many brackets of a JSON text are open at once: they are all that is left without its strings and numbers."""
    deepest = depth = 0
    for bracket in _NO_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _check(value: Any) -> None:
    level = [value]
    while level:
        level = [inner for outer in level for inner in _inside(outer)]


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, str) and (found := _UNSTORABLE.search(value)):
        raise NotJson(f"The character U+{ord(found[0]):04X} cannot be kept.")
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _too_deep() -> NotJson:
    return NotJson(f"This is nested too deeply: at most {DEEPEST} levels can be read.")
