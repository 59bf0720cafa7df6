"""How often a password may be tried, so that guessing is hopeless and nobody is locked out by it (5-promises.md,
"Security").

* A browser that is known for the account counts for itself: whatever others do, its owner gets in.
* Any other counts by its address, and by its address with the name it tries.
* An account that is guessed at from many addresses is not closed. Who then knows its password, from a browser that is
  not known, is asked for more: the second factor, or else a code that is sent by e-mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from portal.accounts.actions import attempts
from portal.accounts.actions.attempts import Limit, Taken
from portal.accounts.sign_in import devices
from portal.lib import origin
from portal.rest.throttling import network

BROWSER = Limit("browser", most=10, seconds=600)
ADDRESS = Limit("address", most=100, seconds=300)
PAIR = Limit("pair", most=10, seconds=300)
NAME = Limit("name", most=50, seconds=3600)
CLOSES = (BROWSER, ADDRESS, PAIR)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`wait`: seconds until another one is looked at, 0 if this one is. `guessed_at`: by many, so that the password
    alone is not enough."""

    taken: Taken
    wait: int
    guessed_at: bool


def begin(request: HttpRequest, typed: str) -> Attempt:
    taken = attempts.take(_counted(request, typed))
    wait = max((left for limit, left in taken.over.items() if limit in CLOSES), default=0)
    return Attempt(taken, wait, NAME in taken.over)


def was_right(attempt: Attempt) -> None:
    attempts.give_back(attempt.taken)


def _counted(request: HttpRequest, typed: str) -> Sequence[tuple[Limit, str]]:
    name = typed.casefold()
    browser = devices.known(request, typed)
    if browser is not None:
        return [(BROWSER, f"{browser}:{name}")]
    address = network(origin.current().address)
    return [(ADDRESS, address), (PAIR, f"{address}:{name}"), (NAME, name)]
