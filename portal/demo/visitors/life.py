"""The life of simulated visitors: they come to a chat, leave, and come back, until the process is stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import structlog
from django.db import Error

from portal.demo.phrases import phrasebooks
from portal.demo.visitors import chat, persons, visits
from portal.demo.visitors.backend import Backend
from portal.demo.visitors.chat import Closed
from portal.demo.visitors.persons import Visitor
from portal.lib import http, threads
from portal.lib.http import Away, Client
from sessions_app.actions import simulating
from sessions_app.queries import agents

BETWEEN = (2.0, 15.0)  # seconds between two visits
COMES_BACK = 0.35  # how often the next visit to a place is of the same person, to the same agent
LONGEST_WAIT = 30.0  # seconds
log = structlog.get_logger(__name__)
Visit = Callable[[Visitor, Random], Awaitable[None]]


async def all_of_them(address: str, *, number: int) -> None:
    """So many people at a time at the Portal of this address, each with one connection at most. Never returns."""
    async with http.client(address) as client, asyncio.TaskGroup() as group:
        portal = _Portal(address, client, Backend(client))
        for place in range(number):
            visitors = persons.of_place(place, places=number)
            group.create_task(_keep_coming(partial(_visit, portal), visitors, Random()))


@dataclass(frozen=True, slots=True)
class _Portal:
    """The Portal they come to, and the helpdesk's back end, which is no part of it."""

    address: str
    client: Client
    backend: Backend


async def _keep_coming(visit: Visit, visitors: list[Visitor], rng: Random) -> None:
    visitor, failures = rng.choice(visitors), 0
    while True:
        try:
            await visit(visitor, rng)
        except Closed as closed:
            failures, wait = 0, closed.seconds
        except Exception as error:  # whatever it is, it must not take the others along
            failures += 1
            wait = rng.uniform(0, min(2.0**failures, LONGEST_WAIT))  # not all at once when the web process is back
            _report(error)
        else:
            failures, wait = 0, rng.uniform(*BETWEEN)
        await asyncio.sleep(wait)
        visitor = visitor if rng.random() < COMES_BACK else rng.choice(visitors)


def _report(error: Exception) -> None:
    """Web process or database restarting is nothing to talk about."""
    if not isinstance(error, Away | Error):
        log.error("a simulated visitor stumbled", exc_info=error)


async def _visit(portal: _Portal, visitor: Visitor, rng: Random) -> None:
    token = await threads.in_database(partial(_arrive, visitor))
    if not visitor.agent.answers:
        await portal.backend.serve(visitor, rng)
        return
    language, slug = visitor.person.language, visitor.agent.slug
    async with chat.opened(portal.client, portal.address, slug, token=token, language=language) as opened:
        book = phrasebooks(visitor.agent.settings.script)[language]
        await visits.behaviour(rng)(opened, book, rng)


def _arrive(visitor: Visitor) -> str:
    """They are known as simulated before anybody sees them."""
    agent = agents.by_slug(visitor.agent.slug)
    if agent is None:  # somebody has deleted it
        raise Closed(60.0)
    name = visitor.person.name if visitor.named else None
    return simulating.arrive(agent=agent, external_id=visitor.external_id, name=name)
