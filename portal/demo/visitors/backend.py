"""The helpdesk's own back end, as its developers would have written it: it keeps its sessions by the API."""

import asyncio
from random import Random
from typing import Any

from portal.accounts import auth
from portal.accounts.models import Account
from portal.demo.agents import HELPDESK
from portal.demo.helpdesk import CASES, THANKS
from portal.demo.visitors.chat import Closed
from portal.demo.visitors.persons import Visitor
from portal.lib import threads
from portal.lib.http import Client
from sessions_app.core.commands import Sender

TOKEN = "back end of the helpdesk (demo)"  # noqa: S105  what it is called
THINKING = (3.0, 25.0)  # seconds that a colleague takes to write
ANSWERS_AFTER = (1.0, 4.0)
ENDS = 0.6  # how often a colleague says that it is over; the others just leave
UNAUTHENTICATED = 401


class Backend:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._token = ""

    async def serve(self, visitor: Visitor, rng: Random) -> None:
        """One colleague with one case, from beginning to end. Raises Closed, Away."""
        user = {"id": visitor.external_id, **({"name": visitor.person.name} if visitor.named else {})}
        channel = rng.choice(HELPDESK.channels)
        start = {"agent": HELPDESK.slug, "user": user, "channel": channel, "language": "en", "prompt": True}
        session = (await self._post("sessions", start))["id"]
        for line in rng.choice(CASES):
            await self._say(session, Sender.USER, line.text, after=rng.uniform(*THINKING))
            for sender, text in line.answers:
                pause = ANSWERS_AFTER if sender is Sender.BOT else THINKING
                await self._say(session, sender, text, after=rng.uniform(*pause))
        if rng.random() < ENDS:
            await self._say(session, Sender.USER, rng.choice(THANKS), after=rng.uniform(*THINKING))
            await self._post(f"sessions/{session}/end", {"reason": "Solved"})

    async def _say(self, session: str, sender: Sender, text: str, *, after: float) -> None:
        await asyncio.sleep(after)
        await self._post(f"sessions/{session}/messages", {"from": sender.value, "text": text})

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        self._token = self._token or await threads.in_database(_new_token)
        answer = await self._client.post(f"/api/v1/{path}", body, token=self._token)
        if answer.status == UNAUTHENTICATED:  # somebody has taken the token away
            self._token = ""
        if not answer.fine:
            raise Closed(answer.retry_after or 60.0)
        return answer.body


def _new_token() -> str:
    """In place of the one of an earlier run."""
    owner = Account.objects.filter(username=HELPDESK.owner, is_active=True).first()
    if owner is None:
        raise Closed(60.0)
    auth.revoke_tokens(account=owner, name=TOKEN)
    return auth.mint_token(account=owner, name=TOKEN)
