"""From a signed identity to the person it vouches for: a JWT, HS256.

Sites sign theirs under a secret of the agent. The Portal vouches for who is signed in to it, on its own chat page,
under a key that is made from SECRET_KEY (docs/decisions/0026). That counts no longer than the sign-in, which it names,
sealed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils.crypto import salted_hmac

from portal.accounts import auth
from portal.accounts.models import Account
from portal.agents import models, queries
from portal.agents.core import identity
from portal.agents.core.identity import ACCOUNT, LONGEST_CLAIMS, Identity, Unfit
from portal.agents.models import Agent
from portal.lib import clock, jwts, sealing

FORGED = "This is no JWT that is signed with HS256 and the identity secret of this agent."
GONE = "Whoever it names is not signed in to the Portal any more. Load the page again."
ISSUER = "portal"
GOOD_FOR = timedelta(hours=1)
SALT = "portal.agents.auth"
log = structlog.get_logger(__name__)


class NotIdentified(Exception):
    """This identity does not count. The text says why, and nothing of which secrets there are."""


def takes(agent: Agent, token: str) -> bool:
    """Whether such an identity is read at all: a site's only where the agent's settings say so, the Portal's always."""
    return agent.identity != models.Identity.NONE or _claims(token, _own_keys()) is not None


def identified(agent: Agent, token: str) -> Identity:
    """Whom `token` vouches for, with this agent. Raises NotIdentified."""
    try:
        return _by_portal(agent, token) or _by_site(agent, token)
    except Unfit as unfit:
        log.info("identity refused", agent=agent.slug, reason=str(unfit))
        raise NotIdentified(str(unfit)) from None


# ── a site's
def _by_site(agent: Agent, token: str) -> Identity:
    """After a rotation the old secret still counts for a while."""
    claims = _claims(token, queries.identity_secrets(agent.pk))
    if claims is None:
        raise Unfit(FORGED)
    return identity.read(claims, agent=agent.slug, now=clock.now())


def _claims(token: str, keys: Iterator[bytes] | list[str]) -> Mapping[str, Any] | None:
    return next((claims for key in keys if (claims := jwts.claims(token, key)) is not None), None)


# ── the Portal's own
def vouch(account: Account, *, agent: Agent, session_key: str) -> str:
    """For the account that is signed in under this key of the Portal's cookie, to this agent alone."""
    name = "".join(filter(str.isprintable, account.name))[: LONGEST_CLAIMS["name"]]
    claims = {
        "iss": ISSUER,
        "aud": agent.slug,
        "sub": str(account.pk),
        "name": name,
        "sid": sealing.seal(session_key),
        "exp": int((clock.now() + GOOD_FOR).timestamp()),
    }
    return jwts.signed(claims, next(_own_keys()))


def _by_portal(agent: Agent, token: str) -> Identity | None:
    """None where the Portal has not signed it. Raises Unfit."""
    claims = _claims(token, _own_keys())
    if claims is None:
        return None
    said = identity.read(claims, agent=agent.slug, now=clock.now())
    return _still_signed_in(said, claims["sid"])


def _still_signed_in(said: Identity, sealed: str) -> Identity:
    try:
        session_key = sealing.unseal(sealed)
    except sealing.Unreadable:
        raise Unfit(GONE) from None
    principal = auth.by_session(session_key)
    if principal is None or str(principal.account_id) != said.sub:
        raise Unfit(GONE)
    return replace(said, sub=f"{ACCOUNT}{said.sub}", account=principal.account_id, session_key=session_key)


def _own_keys() -> Iterator[bytes]:
    """One of each SECRET_KEY that counts, the present one first."""
    for secret in (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)):
        yield salted_hmac(SALT, ISSUER, secret=secret, algorithm="sha256").digest()
