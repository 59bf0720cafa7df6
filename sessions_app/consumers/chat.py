"""The socket of a chat (docs/chat-protocol.md): who it is, what it says, what it is shown."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error

from portal.accounts.permissions import Verb, allows, visitor
from portal.agents.core.identity import LONGEST as LONGEST_IDENTITY
from portal.lib import threads, tokens
from portal.lib.clock import now as database_now
from sessions_app import broadcast
from sessions_app.actions import Outcome
from sessions_app.consumers import frames, places, refusals, telling, visits
from sessions_app.consumers.bucket import Bucket
from sessions_app.consumers.feed import feed
from sessions_app.consumers.frames import Invalid, Unreadable
from sessions_app.consumers.gather import gatherer
from sessions_app.consumers.refusals import Refused
from sessions_app.consumers.telling import Standing
from sessions_app.core import commands as c
from sessions_app.core.agents import LONGEST_SLUG
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import LIMITS, EndReason, State
from sessions_app.queries import chats
from sessions_app.queries.chats import Chat, Seen

HELLO_WITHIN = 5.0  # seconds
log = structlog.get_logger(__name__)


class ChatConsumer(AsyncWebsocketConsumer):
    """One connection. Frames are handled in order; what is new in the thread comes from the process's feed."""

    # Hints come by the hub. With a channel of its own no chat could be opened while Redis is away.
    channel_layer_alias = "none"
    deadline: asyncio.TimerHandle | None = None
    thread = UUID(int=0)
    over = False  # it is being closed, or it is gone: nothing more is said or done

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels calls `disconnect` after a clean end only. However this one ends, the feed must forget it."""
        self.serving = asyncio.current_task()
        self.held = places.Held()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.over:
                raise
        finally:
            self.over = True
            self._no_deadline()
            feed().remove(self)
            self.held.give_back()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels has a thread close old database connections before each frame, a quarter of what a message costs.
        There are none: `threads.in_database` leaves no connection behind."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        self.visit: visits.Visit | None = None
        self.token = b""
        self.sure_since = 0.0  # when it was last asked whether the token counts, by the loop's clock
        self.seen = Seen(0, None)
        self.standing = Standing()
        self.told: dict[UUID, tuple[int, State]] = {}  # session → the row version and state last spoken of
        self.opened = False  # the person sees the chat: an expired session goes on in a new one
        self.showing = asyncio.Lock()
        self.bucket = Bucket(rate=settings.CHAT_FRAMES_PER_SECOND, burst=settings.CHAT_FRAMES_BURST)
        await self.accept()
        self.address = places.address(self.scope)
        if not self.held.take("address", self.address, most=settings.SOCKETS_PER_ADDRESS):
            await self._end(4429, "rate_limited", "Too many open connections from this address.")
            return
        self.deadline = asyncio.get_running_loop().call_later(HELLO_WITHIN, self._too_late)

    def _too_late(self) -> None:
        self.closing = asyncio.ensure_future(self._end(4408, "invalid", "hello did not come within 5 seconds"))

    def _no_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.over = True
        await super().close(code, reason)

    def cut_off(self) -> None:
        """End it without another word: one that is not read cannot even be closed."""
        self.over = True
        if self.serving is not None:
            self.serving.cancel()

    async def receive(self, text_data: str | None = None, **_binary: bytes) -> None:
        if self.over:
            return  # what was still on its way when it was closed
        try:
            frame = frames.read(text_data)
            if self.visit is None:
                await self._hello(frame)
            else:
                await self._handle(frame)
        except Unreadable as error:
            await self._end(4400, "invalid", str(error))
        except visits.Closed as error:
            await self._end(error.code, error.problem, error.reason)

    async def _end(self, code: int, problem: str, detail: str) -> None:
        log.info("socket refused", path="/ws/chat/", code=code, address=self.address)
        with contextlib.suppress(Error):  # it ends also where there is no clock to stamp the reason with
            await self._error(problem, detail, None)
        await self.close(code, detail)

    async def _error(self, code: str, detail: str, client_id: str | None, **more: Any) -> None:
        told = more | ({"client_id": client_id} if client_id else {})
        await self.send(frames.write("error", await _now(), code=code, detail=detail, **told))

    # ── who it is ────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _hello(self, frame: dict[str, Any]) -> None:
        self._no_deadline()
        if frame["type"] != "hello":
            raise Unreadable("The first frame is hello.")
        try:
            secret = frames.text(frame, "token", most=200, required=True)
            thread, after = frames.uuid(frame, "thread"), frames.number(frame, "after")
        except Invalid as error:
            raise Unreadable(error.detail) from None
        self.sure_since = asyncio.get_running_loop().time()
        origin = visits.origin(self.scope)
        self.visit = await threads.in_database(partial(visits.visit, secret, thread, origin, self.address))
        self._take_place(self.visit)
        self.token = tokens.digest(secret)
        await self._show_thread(self.visit.thread, after=after)

    def _take_place(self, visit: visits.Visit) -> None:
        if not self.held.take("user", str(visit.user), most=settings.SOCKETS_PER_USER):
            raise visits.Closed(4429, "rate_limited", "You have too many open connections. Close one first.")

    async def _show_thread(self, thread: UUID, *, after: int) -> None:
        """Begin to show a thread: what is in it, then what comes. The one before is let go when this one has been read,
        or a database that is away for a moment would leave a connection that nobody tells anything."""
        async with self.showing:
            seen = Seen(after, None)
            chat = (await threads.in_database(partial(chats.chats, {thread: seen})))[thread]
            if not after:
                chat = await threads.in_database(partial(_with_history, chat))
            if self.over:
                return
            feed().remove(self)
            self.thread, self.seen, self.told = thread, seen, {}
            feed().add(self)
            self._remember(chat)
            self.standing = Standing.of(chat)
            await self.send(telling.ready(chat))
        feed().fetch({thread})  # what was committed between the look and the subscription

    def _remember(self, chat: Chat) -> None:
        latest = chat.session
        self.seen = Seen(max(chat.seq, self.seen.seq), latest.id if latest else None)
        self.told = {facts.id: (facts.row_version, facts.state) for facts in chat.sessions}

    # ── what it is shown ─────────────────────────────────────────────────────────────────────────────────────────────
    async def show(self, chat: Chat) -> None:
        """Tell the client what it does not know yet. Called by the feed; lines and sessions may come twice."""
        if chat.latest_thread != self.thread and chat.thread == self.thread:
            await self._show_thread(chat.latest_thread, after=0)
            return
        async with self.showing:
            if chat.thread != self.thread or self.over:
                return
            lines = [line for line in chat.lines if line.seq > self.seen.seq]
            news = [facts for facts in chat.sessions if self.told.get(facts.id) != (facts.row_version, facts.state)]
            told = telling.news(chat, lines=lines, sessions=news, before=self.standing)
            self._remember(chat)
            self.standing = Standing.of(chat, before=self.standing)
            for text in told:
                await self.send(text)
        if chat.more:
            feed().fetch({self.thread})
        self._go_on(chat)

    def _go_on(self, chat: Chat) -> None:
        """A session that reached its limit before the eyes of its user goes on in a new one. Every connection asks;
        under the lock one of them gets it, unless somebody has gone on meanwhile."""
        latest = chat.session
        if self.opened and not self.over and latest and latest.end_reason in LIMITS and not latest.silent:
            self.going_on = asyncio.ensure_future(self._start_again(after=latest.id))

    async def _start_again(self, *, after: UUID) -> None:
        with contextlib.suppress(Refused, Error):  # told to whoever writes; the feed's next look asks again
            await self._start(cause="limit_reached", after=after)

    async def revoked(self) -> None:
        await self._end(4401, "unauthenticated", visits.REVOKED)

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def _handle(self, frame: dict[str, Any]) -> None:
        client_id = frames.client_id(frame)
        deed = DEEDS.get(frame["type"])
        if deed is None:
            raise Unreadable("This type of frame is not known here.")
        if not self.bucket.take():
            log.info("socket refused", path="/ws/chat/", code=4429, address=self.address)
            await self._error("rate_limited", "Too many frames at once. Wait two seconds and send it again.", client_id)
            return await self.close(4429, f"more than {settings.CHAT_FRAMES_PER_SECOND} frames a second")
        try:
            await deed(self, frame)
        except Invalid as error:
            await self._error("invalid", error.detail, client_id)
        except Refused as error:
            taken = {"open_sessions": error.open_sessions} if error.open_sessions else {}
            await self._error(error.code, error.detail, client_id, **taken)
        except Error:
            await self._error(
                "unavailable", "Portal cannot keep anything right now. Nothing was lost: try again.", client_id
            )

    def _demand(self, verb: Verb) -> None:
        assert self.visit is not None, "who has not said hello has no deeds"
        if not allows(visitor(self.visit.user), verb, user_id=self.visit.user):
            raise Refused("forbidden", "This is not allowed here.")

    async def _do(self, command: c.Command, verb: Verb = Verb.CONTROL_SESSION) -> Outcome:
        """Put a command through the write path; raise what refused it."""
        self._demand(verb)
        outcome = await gatherer().apply(command)
        if outcome.refusal is not None:
            language = command.language if isinstance(command, c.Start) else None
            raise await threads.in_database(partial(refusals.of, outcome.refusal, outcome, language=language))
        feed().fetch({self.thread})
        return outcome

    async def _acknowledge(self, frame: dict[str, Any], outcome: Outcome, *, seq: int | None = None) -> None:
        if client_id := frames.client_id(frame):
            message = str(outcome.message) if outcome.message else None
            await self.send(frames.write("ack", outcome.now, client_id=client_id, message_id=message, seq=seq))

    async def _open(self, frame: dict[str, Any]) -> None:
        language = frames.text(frame, "language", most=35) or None
        self.opened = True
        outcome = await self._start(cause="opened", language=language)
        await self._acknowledge(frame, outcome)

    async def _start(self, *, cause: str, language: str | None = None, after: UUID | None = None) -> Outcome:
        start = c.Start(thread=self.thread, actor=c.USER, cause=cause, language=language, after=after)
        return await self._do(start, Verb.CHAT)

    async def _message(self, frame: dict[str, Any]) -> None:
        client_id = frames.client_id(frame)
        if client_id is None:
            raise Invalid("A message needs a client_id of 1 to 64 characters.")
        fields = frames.said(frame)
        thread = await self._own_thread(frames.uuid(frame, "thread"))
        say = c.Say(thread=thread, actor=c.USER, sender=c.Sender.USER, client_id=client_id, **fields)
        outcome = await self._do(say, Verb.CHAT)
        await self._acknowledge(frame, outcome, seq=outcome.seq)

    async def _own_thread(self, thread: UUID | None) -> UUID:
        assert self.visit is not None, "who has not said hello has no threads"
        if thread is None or thread == self.thread:
            return self.thread
        agents = await threads.in_database(partial(chats.agents_of, thread, user=self.visit.user))
        if not visits.welcome(visits.origin(self.scope), agents):
            raise Refused("not_found", refusals.SENTENCES[Refusal.NOT_FOUND])
        return thread

    async def _typing(self, frame: dict[str, Any]) -> None:
        """Nobody watches the user type before there is live chat; it moves no clock."""

    async def _pause(self, frame: dict[str, Any]) -> None:
        await self._acknowledge(frame, await self._do(c.Pause(thread=self.thread, actor=c.USER)))

    async def _resume(self, frame: dict[str, Any]) -> None:
        await self._acknowledge(frame, await self._do(c.Resume(thread=self.thread, actor=c.USER)))

    async def _extend(self, frame: dict[str, Any]) -> None:
        await self._acknowledge(frame, await self._do(c.Extend(thread=self.thread, actor=c.USER)))

    async def _transfer(self, frame: dict[str, Any]) -> None:
        """To users, an agent that theirs does not offer is none."""
        slug = frames.text(frame, "agent", most=LONGEST_SLUG, required=True)
        target = await threads.in_database(partial(chats.target_of, self.thread, slug))
        if target is None:
            raise Refused(Refusal.TRANSFER_IMPOSSIBLE.value, refusals.NOT_THERE)
        await self._acknowledge(frame, await self._do(c.Transfer(thread=self.thread, actor=c.USER, target=target)))

    async def _finish(self, frame: dict[str, Any]) -> None:
        end = c.End(thread=self.thread, actor=c.USER, end_reason=EndReason.USER_ENDED)
        await self._acknowledge(frame, await self._do(end))

    async def _clear_history(self, frame: dict[str, Any]) -> None:
        clear = c.ClearHistory(thread=self.thread, actor=c.USER)
        await self._acknowledge(frame, await self._do(clear, Verb.CHAT))

    async def _set_language(self, frame: dict[str, Any]) -> None:
        language = frames.text(frame, "language", most=35, required=True)
        change = c.SetLanguage(thread=self.thread, actor=c.USER, language=language)
        await self._acknowledge(frame, await self._do(change, Verb.CHAT))

    async def _new_chat(self, frame: dict[str, Any]) -> None:
        """Another thread beside this one. The hint names the old thread: there every connection of the user listens."""
        assert self.visit is not None, "who has not said hello has no chats"
        language = frames.text(frame, "language", most=35) or None
        self._demand(Verb.CHAT)
        session, outcome = await threads.in_database(
            partial(visits.begin_beside, self.thread, self.visit.user, language)
        )
        broadcast.announce([broadcast.Changed(session.id, self.thread, session.agent)])
        feed().fetch({self.thread})
        await self._acknowledge(frame, outcome)

    # ── who they turn out to be ──────────────────────────────────────────────────────────────────────────────────────
    async def _identify(self, frame: dict[str, Any]) -> None:
        """The token changes with the person. Meanwhile nobody looks whether the old one still counts."""
        assert self.visit is not None, "who has not said hello cannot be identified"
        if frames.client_id(frame) is None:
            raise Invalid("identify needs a client_id of 1 to 64 characters: its ack has the new token.")
        identity = frames.text(frame, "identity", most=LONGEST_IDENTITY, required=True)
        feed().remove(self)
        since = asyncio.get_running_loop().time()
        try:
            self.visit = await threads.in_database(
                partial(visits.identify, self.visit, self.thread, identity, self.address)
            )
        except (Invalid, Refused, Error):
            feed().add(self)
            feed().fetch({self.thread})
            raise
        self.token, self.sure_since = tokens.digest(self.visit.secret), since
        await self._acknowledge_alone(frame, visitor_token=self.visit.secret)
        self._take_place(self.visit)
        await self._show_thread(self.visit.thread, after=0)

    async def _log_out(self, frame: dict[str, Any]) -> None:
        assert self.visit is not None, "who has not said hello is not logged in"
        await threads.in_database(partial(visits.leave, self.visit))
        await self._acknowledge_alone(frame)
        await self.close(4401, "logged out")

    async def _acknowledge_alone(self, frame: dict[str, Any], **told: str) -> None:
        """Of what is no command of a session."""
        if client_id := frames.client_id(frame):
            nothing = {"message_id": None, "seq": None}
            await self.send(frames.write("ack", await _now(), client_id=client_id, **nothing, **told))


Deed = Callable[[ChatConsumer, dict[str, Any]], Awaitable[None]]
DEEDS: dict[str, Deed] = {
    "open": ChatConsumer._open,
    "message": ChatConsumer._message,
    "typing": ChatConsumer._typing,
    "pause": ChatConsumer._pause,
    "resume": ChatConsumer._resume,
    "extend": ChatConsumer._extend,
    "transfer": ChatConsumer._transfer,
    "end": ChatConsumer._finish,
    "clear_history": ChatConsumer._clear_history,
    "set_language": ChatConsumer._set_language,
    "new_chat": ChatConsumer._new_chat,
    "identify": ChatConsumer._identify,
    "log_out": ChatConsumer._log_out,
}


async def _now() -> datetime:
    return await threads.in_database(database_now)


def _with_history(chat: Chat) -> Chat:
    """With the latest lines in view instead of the first new ones."""
    lines = chats.history(chat.thread, cleared=chat.cleared)
    seq = max([chat.seq, *(line.seq for line in lines[-1:])])
    return replace(chat, lines=lines, seq=seq, more=False)
