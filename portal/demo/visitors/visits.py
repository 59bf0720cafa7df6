"""How simulated people behave once a chat is open in front of them. All times are seconds."""

from collections.abc import Awaitable, Callable
from random import Random

from portal.demo.phrases import Phrasebook
from portal.demo.visitors.chat import Chat

THINKING = (3.0, 25.0)
Behaviour = Callable[[Chat, Phrasebook, Random], Awaitable[None]]


async def _talk(chat: Chat, book: Phrasebook, rng: Random, *, most: int = 4) -> None:
    await chat.read(rng.uniform(*THINKING))
    for question in book.talk(rng, questions=rng.randint(1, most)):
        await chat.say(question)
        await chat.read(rng.uniform(*THINKING))


async def leave(chat: Chat, book: Phrasebook, rng: Random) -> None:
    """Closes the page without a word: the session goes idle and expires."""
    await _talk(chat, book, rng)


async def look(chat: Chat, _book: Phrasebook, rng: Random) -> None:
    """Says nothing at all."""
    await chat.read(rng.uniform(5, 40))


async def end(chat: Chat, book: Phrasebook, rng: Random) -> None:
    await _talk(chat, book, rng)
    await chat.send("end")
    await chat.read(2)


async def say_goodbye(chat: Chat, book: Phrasebook, rng: Random) -> None:
    """The bot hears that the talk is over, and ends the session."""
    await _talk(chat, book, rng)
    for intent in ("thanks", "goodbye"):
        await chat.say(book.say(intent, rng))
        await chat.read(rng.uniform(4, 12))


async def pause(chat: Chat, book: Phrasebook, rng: Random) -> None:
    """Pauses, sometimes writes meanwhile (the message is held), and goes on."""
    await _talk(chat, book, rng, most=2)
    await chat.send("pause")
    await chat.read(rng.uniform(15, 60))
    if rng.random() < 0.4:
        (question, *_) = book.talk(rng, questions=1)
        await chat.say(question)
        await chat.read(rng.uniform(5, 20))
    await chat.send("resume")
    await _talk(chat, book, rng, most=2)


async def clear(chat: Chat, book: Phrasebook, rng: Random) -> None:
    await _talk(chat, book, rng, most=2)
    await chat.send("clear_history")
    await _talk(chat, book, rng, most=2)


async def stay(chat: Chat, book: Phrasebook, rng: Random) -> None:
    """Leaves the chat open and goes for a coffee: the session may end before the eyes of nobody."""
    await _talk(chat, book, rng, most=2)
    await chat.read(rng.uniform(120, 420))


SHARES: dict[Behaviour, int] = {leave: 30, look: 8, end: 16, say_goodbye: 18, pause: 12, clear: 5, stay: 11}


def behaviour(rng: Random) -> Behaviour:
    return rng.choices(list(SHARES), list(SHARES.values()))[0]
