"""Who a visitor token speaks for."""

from collections.abc import Collection
from uuid import UUID

from django.db.models.functions import Now

from portal.lib import tokens
from sessions_app.models import ChatUser, VisitorToken


def user_of(secret: str, *, realm: str | None = None) -> UUID | None:
    """The user of a valid visitor token, or None; with `realm` None for the user of another realm as well."""
    if not secret.startswith(tokens.VISITOR):
        return None
    found = VisitorToken.objects.filter(digest=tokens.digest(secret), expires_at__gt=Now())
    if realm is not None:
        found = found.filter(user__realm=realm)
    return found.values_list("user_id", flat=True).first()


def is_identified(user: UUID) -> bool:
    """Whether the site has said who this user is."""
    return ChatUser.objects.filter(pk=user, identified=True).exists()


def belongs(user: UUID, realm: str) -> bool:
    """Whether the user is one of this realm."""
    return ChatUser.objects.filter(pk=user, realm=realm).exists()


def valid(digests: Collection[bytes]) -> frozenset[bytes]:
    """Those of these token digests that still count. One query."""
    found = VisitorToken.objects.filter(digest__in=digests, expires_at__gt=Now()).values_list("digest", flat=True)
    return frozenset(bytes(digest) for digest in found)
