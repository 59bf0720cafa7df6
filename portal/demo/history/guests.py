"""Who came in the week: people the site knows, and visitors."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from unicodedata import normalize
from uuid import UUID

from portal.accounts.models import Account
from portal.agents.core.identity import ACCOUNT
from portal.demo import crowd, people
from portal.demo.agents import AGENTS, DemoAgent
from portal.demo.crowd import Person
from portal.demo.people import DemoAccount
from sessions_app.actions.chats import visitor_name
from sessions_app.actions.imports import PastUser, Step

KNOWN = 0.4  # of all people; they come more often than the others


@dataclass(slots=True)
class Guest:
    """Somebody's one thread with an agent."""

    user: PastUser
    language: str
    locale: str
    steps: list[Step] = field(default_factory=list)

    def is_free(self, at: datetime) -> bool:
        return not self.steps or self.steps[-1][0] < at


def guests(agent: DemoAgent, *, number: int, rng: Random) -> list[Guest]:
    """So many, and the demo's end user, who chats with every agent; the regulars first."""
    found = crowd.people(agent.settings.languages, number=number, rng=rng)
    known = int(number * KNOWN)
    strangers = [Guest(_visitor(rng), person.language, person.locale) for person in found[known:]]
    return [*_end_users(), *(_regular(agent, person) for person in found[:known]), *strangers]


def _end_users() -> Iterator[Guest]:
    for account in people.END_USERS:
        yield Guest(_account(account), "en", "en-gb")


def _account(account: DemoAccount) -> PastUser:
    """As they chat when they are signed in."""
    id = Account.objects.values_list("pk", flat=True).get(username=account.username)
    return PastUser(external_id=f"{ACCOUNT}{id}", name=account.name, identified=True, account_id=id)


def _regular(agent: DemoAgent, person: Person) -> Guest:
    """Numbered agent by agent: two agents of one owner share their users, and nobody has two names."""
    number = 1000 * (AGENTS.index(agent) + 1) + person.number
    email = f"{_latin(person.name) or f'customer.{number}'}@mail.example"
    user = PastUser(external_id=f"u-{number}", name=person.name, email=email, identified=True)
    return Guest(user, person.language, person.locale)


def _visitor(rng: Random) -> PastUser:
    id = UUID(int=rng.getrandbits(128), version=4)
    return PastUser(external_id=f"visitor-{id}", name=visitor_name(id))


def _latin(name: str) -> str:
    """ "Lucía Muñoz" → "lucia.munoz"; nothing of a name in other letters."""
    plain = normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return ".".join(plain.split())
