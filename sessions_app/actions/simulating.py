"""Simulated people: marked as such, so that nobody takes them for users."""

from uuid import UUID

from django.db import transaction

from portal.agents.models import Agent
from portal.lib import clock, ids, tokens
from sessions_app.actions.chats import VISITOR_FOR, visitor_name
from sessions_app.models import ChatUser, VisitorToken


def arrive(*, agent: Agent, external_id: str, name: str | None = None) -> str:
    """A visitor token for somebody who does not exist, in place of their earlier ones: the same `external_id` is the
    same person, with the same chats. With it they chat through the doors that everybody uses. Without a name they are
    an anonymous visitor."""
    id = ids.uuid7()
    about = {"id": id, "simulated": True, "name": name or visitor_name(id), "identified": name is not None}
    with transaction.atomic():
        user, _ = ChatUser.objects.get_or_create(realm=agent.realm, external_id=external_id, defaults=about)
        return _new_token(user.pk)


def _new_token(user_id: UUID) -> str:
    VisitorToken.objects.filter(user=user_id).delete()
    minted = tokens.mint(prefix=tokens.VISITOR)
    VisitorToken.objects.create(digest=minted.digest, user_id=user_id, expires_at=clock.now() + VISITOR_FOR)
    return minted.secret
