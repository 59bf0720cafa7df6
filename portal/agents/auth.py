"""From a site's signed identity to the person it vouches for: a JWT, HS256, under a secret of the agent."""

from collections.abc import Mapping
from typing import Any

import jwt
import structlog
from jwt.types import Options

from portal.agents import queries
from portal.agents.core import identity
from portal.agents.core.identity import Identity, Unfit
from portal.agents.models import Agent
from portal.lib import clock

FORGED = "This is no JWT that is signed with HS256 and the identity secret of this agent."
# The signature is the library's. The times are compared with the database's clock: a process's own decides nothing.
OPTIONS: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
log = structlog.get_logger(__name__)


class NotIdentified(Exception):
    """This identity does not count. The text says why, and nothing of which secrets there are."""


def identified(agent: Agent, token: str) -> Identity:
    """Whom `token` vouches for, with this agent. Raises NotIdentified."""
    try:
        return identity.read(_claims(agent, token), agent=agent.slug, now=clock.now())
    except Unfit as unfit:
        log.info("identity refused", agent=agent.slug, reason=str(unfit))
        raise NotIdentified(str(unfit)) from None


def _claims(agent: Agent, token: str) -> Mapping[str, Any]:
    """After a rotation the old secret still counts for a while. Raises Unfit."""
    for secret in queries.identity_secrets(agent.pk):
        try:
            return jwt.decode(token, secret, algorithms=["HS256"], options=OPTIONS)
        # Beside its own errors the library lets through what JSON and UTF-8 raise of a broken header.
        except (jwt.PyJWTError, ValueError, RecursionError):
            continue
    raise Unfit(FORGED)
