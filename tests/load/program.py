"""What a program of this package is: `work` is called with the wish on stdin, and what it returns goes to stdout."""

import json
import sys
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 60  # beyond what something is to take


class Broken(Exception):
    """What was to be measured did not work. The text is told in place of a number."""


def main(work: Callable[..., Any]) -> None:
    try:
        answer = work(**json.loads(sys.stdin.readline()))
    except Broken as broken:
        answer = {"broken": str(broken)}
    except TimeoutError:
        answer = {"broken": "It did not end in time."}
    print(json.dumps(answer))


def wait_for_go() -> None:
    """Tell that everything is ready, and begin together with the others."""
    print("ready", flush=True)
    sys.stdin.readline()
