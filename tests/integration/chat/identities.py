"""A site that signs who its users are."""

import time
from typing import Any

import jwt

from portal.accounts.permissions import principal_of
from portal.agents import actions
from portal.agents.models import Agent
from tests import cast


class Site:
    """Knows the identity secret of one agent."""

    def __init__(self, agent: Agent, *, identity: str = "optional") -> None:
        Agent.objects.filter(pk=agent.pk).update(identity=identity)
        agent.identity = identity
        self.agent = agent
        self.rotate()

    def rotate(self) -> None:
        """A new secret; who makes it has the right to."""
        boss = cast.Account.objects.filter(username="boss").first() or cast.admin("boss")
        made = actions.make_identity_secret(principal=principal_of(boss), agent=self.agent)
        self.secret, self.previous_until = made.secret, made.previous_until

    def vouch(self, sub: Any = "u-7", *, expires_in: float = 600, **claims: Any) -> str:
        return self.sign({"sub": sub, "exp": int(time.time() + expires_in)} | claims)

    def sign(self, claims: dict[str, Any], *, secret: str | None = None, algorithm: str = "HS256") -> str:
        return jwt.encode(claims, secret or self.secret, algorithm=algorithm)
