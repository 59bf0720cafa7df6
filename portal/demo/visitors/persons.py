"""Who the simulated visitors are: the same people each time the demo runs."""

from dataclasses import dataclass
from random import Random

from portal.demo import crowd
from portal.demo.agents import AGENTS, HELPDESK, DemoAgent
from portal.demo.crowd import Person

PER_PLACE = 8  # different people at each agent for each that is there at a time
NAMED = 0.6  # of them; the others come without a name
CHATS = tuple(agent for agent in AGENTS if agent.answers)
HELPDESK_EVERY = 3  # places: every third one is at the helpdesk


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at one agent's chat."""

    agent: DemoAgent
    person: Person
    named: bool

    @property
    def external_id(self) -> str:
        return f"simulated-{self.agent.slug}-{self.person.number}"


def of_place(place: int, *, places: int) -> list[Visitor]:
    """Those who may take this one of so many places. Nobody takes two."""
    agents = (HELPDESK,) if place % HELPDESK_EVERY == HELPDESK_EVERY - 1 else CHATS
    return [visitor for agent in agents for visitor in _of_agent(agent, places)[place::places]]


def _of_agent(agent: DemoAgent, places: int) -> list[Visitor]:
    rng = Random(f"visitors of {agent.slug}")
    found = crowd.people(agent.settings.languages, number=PER_PLACE * places, rng=rng)
    return [Visitor(agent, person, named=rng.random() < NAMED) for person in found]
