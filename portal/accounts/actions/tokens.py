"""Tokens: everybody makes, changes and revokes their own (1-product.md, "Pages"; 3-api.md, "Who is calling").

A token does what its account may do, or less, and whoever comes with one never makes one that does more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from portal.accounts.actions.refusals import Refused
from portal.accounts.models import Token
from portal.accounts.names import Scope
from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, allows
from portal.accounts.queries import agents
from portal.audit import actions as audit
from portal.lib import clock, tokens
from portal.lib.instants import iso

LONGEST_NAME = 100
LONGEST_FOR = timedelta(days=36_500)
MOST = 100  # tokens of one account
NOTED_EVERY = timedelta(minutes=1)
UNNOTED = Q(last_used_at__isnull=True) | Q(last_used_at__lte=Now() - NOTED_EVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one decides of a token. It never expires with `expires_at` None; `agents` are slugs, None for all that its
    account sees, now and later."""

    name: str
    expires_at: datetime | None
    scope: Scope = Scope.ACCOUNT
    read_only: bool = False
    agents: tuple[str, ...] | None = None


class Made(NamedTuple):
    """A new token with its secret, which is shown this once."""

    token: Token
    secret: str


@transaction.atomic
def make(*, principal: Principal, settings: Settings, reason: str = "") -> Made:
    """A token of whoever asks. Raises NotAllowed, Refused."""
    account = _demanded(principal)
    ids = _checked(principal, settings)
    if Token.objects.filter(account=account).count() >= MOST:
        raise Refused({"name": [f"You have {MOST} tokens. Revoke one that nothing uses any more first."]})
    minted = tokens.mint(prefix=tokens.PERSONAL)
    token = Token.objects.create(account_id=account, digest=minted.digest, **_stored(settings, ids))
    token.refresh_from_db()
    _record("token.made", principal, token, after=_said(settings), reason=reason)
    return Made(token, minted.secret)


@transaction.atomic
def change(*, principal: Principal, id: int, values: Mapping[str, Any]) -> Token:
    """One's token with these fields of Settings changed; the secret stays. The same values again change nothing.

    Raises NotAllowed, NotVisible, Refused.
    """
    token = _locked(_demanded(principal), id)
    before = settings_of(token)
    after = replace(before, **values)
    if after == before:
        return token
    ids = _checked(principal, after, old=before)
    stored = _stored(after, token.agent_ids if after.agents == before.agents else ids)
    for name, value in stored.items():
        setattr(token, name, value)
    token.save(update_fields=list(stored))
    was, now = _differing(_said(before), _said(after))
    _record("token.changed", principal, token, before=was, after=now)
    return token


@transaction.atomic
def revoke(*, principal: Principal, id: int) -> None:
    """Nobody comes in with it any more, from the next call on. Raises NotAllowed, NotVisible."""
    token = _locked(_demanded(principal), id)
    _record("token.revoked", principal, token, before=_said(settings_of(token)))
    token.delete()


def settings_of(token: Token) -> Settings:
    """Agents that are gone are left out: an empty tuple is a token that reaches none."""
    known = None if token.agent_ids is None else tuple(each.slug for each in agents.by_id(token.agent_ids))
    return Settings(
        name=token.name,
        expires_at=token.expires_at,
        scope=Scope(token.scope),
        read_only=token.read_only,
        agents=known,
    )


def note_use(ids: Sequence[int]) -> None:
    """Write down that these tokens are used now, for those of which a minute ago was the last time. A row that somebody
    else holds is written down another time: nobody who calls waits for it."""
    values: list[Any] = [list(ids), NOTED_EVERY]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_token SET last_used_at = statement_timestamp() WHERE id = ANY (ARRAY(
                SELECT id FROM accounts_token WHERE id = ANY (%s)
                   AND (last_used_at IS NULL OR last_used_at <= statement_timestamp() - %s)
                FOR UPDATE SKIP LOCKED
            ))
            """,
            values,
        )


def _demanded(principal: Principal) -> int:
    """Whose tokens they are."""
    if not allows(principal, Verb.EDIT_TOKENS) or principal.account_id is None:
        raise NotAllowed
    return principal.account_id


def _locked(account: int, id: int) -> Token:
    token = Token.objects.select_for_update().filter(account=account, pk=id).first()
    if token is None:
        raise NotVisible
    return token


# ── what can be so ─────────────────────────────────────────────────────────────────────────────────────────────────
def _checked(principal: Principal, settings: Settings, *, old: Settings | None = None) -> list[int] | None:
    """The ids of the agents that this principal sees among those that are named. Raises Refused."""
    seen = {each.slug: each.id for each in agents.seen(principal, slugs=settings.agents or ())}
    errors: dict[str, list[str]] = {}
    for field, sentence in _wrong(principal, settings, seen, old):
        errors.setdefault(field, []).append(sentence)
    if errors:
        raise Refused(errors)
    return None if settings.agents is None else sorted(seen.values())


def _wrong(
    principal: Principal, settings: Settings, seen: Mapping[str, int], old: Settings | None
) -> Iterator[tuple[str, str]]:
    """What was so before (`old`) may stay, but for how long whoever comes with a token can see to it."""
    if not settings.name.strip():
        yield "name", "A token needs a name that says what it is for."
    elif len(settings.name) > LONGEST_NAME:
        yield "name", f"At most {LONGEST_NAME} characters."
    if old is None or settings.expires_at != old.expires_at:
        yield from _of_expiry(settings.expires_at)
    if _outlives(settings.expires_at, principal.until):
        yield "expires_at", f"Not later than the token you come with, which expires at {iso(principal.until)}."
    if old is None or settings.agents != old.agents:
        yield from _of_agents(settings.agents, seen)


def _of_expiry(at: datetime | None) -> Iterator[tuple[str, str]]:
    now = clock.now()
    if at is not None and at <= now:
        yield "expires_at", "This is in the past. Revoke a token that shall not count any more."
    elif at is not None and at > now + LONGEST_FOR:
        yield "expires_at", f"At most {LONGEST_FOR.days:,} days from now. A token may also never expire."


def _outlives(at: datetime | None, other: datetime | None) -> bool:
    return other is not None and (at is None or at > other)


def _of_agents(named: tuple[str, ...] | None, seen: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if named == ():
        yield "agents", "Choose at least one agent."
    for slug in named or ():
        if slug not in seen:
            yield "agents", f"There is no agent “{slug}”, or not for you."


# ── as it is stored, as the audit log has it ───────────────────────────────────────────────────────────────────────
def _stored(settings: Settings, ids: list[int] | None) -> dict[str, Any]:
    values = asdict(settings)
    del values["agents"]
    return values | {"agent_ids": ids}


def _said(settings: Settings) -> dict[str, Any]:
    expires = iso(settings.expires_at) if settings.expires_at else None
    agents = None if settings.agents is None else sorted(settings.agents)
    return asdict(settings) | {"scope": settings.scope.value, "expires_at": expires, "agents": agents}


def _differing(was: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    changed = [name for name in now if was[name] != now[name]]
    return {name: was[name] for name in changed}, {name: now[name] for name in changed}


def _record(verb: str, principal: Principal, token: Token, **what: Any) -> None:
    audit.record(verb, account_id=principal.account_id, subject=f"token {token.pk}", **what)
