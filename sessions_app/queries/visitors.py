"""Who a visitor token speaks for."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from portal.lib import tokens
from sessions_app.models import ChatUser, VisitorToken

# A token of somebody who is signed in to the Portal counts as long as that: signing out takes it along.
_SIGNED_IN = Exists(Session.objects.filter(pk=OuterRef("session_key"), expire_date__gt=Now()))
COUNTS = Q(expires_at__gt=Now()) & (Q(session_key=None) | (Q(user__account__is_active=True) & Q(_SIGNED_IN)))


def user_of(secret: str, *, realm: str | None = None, of_accounts: bool = True) -> UUID | None:
    """The user of a valid visitor token, or None; with `realm` None for the user of another realm as well, without
    `of_accounts` for nobody who has signed in to the Portal."""
    if not secret.startswith(tokens.VISITOR):
        return None
    found = VisitorToken.objects.filter(COUNTS, digest=tokens.digest(secret))
    if realm is not None:
        found = found.filter(user__realm=realm)
    if not of_accounts:
        found = found.filter(session_key=None)
    return found.values_list("user_id", flat=True).first()


def is_identified(user: UUID) -> bool:
    """Whether the site has said who this user is."""
    return ChatUser.objects.filter(pk=user, identified=True).exists()


def belongs(user: UUID, realm: str) -> bool:
    """Whether the user is one of this realm."""
    return ChatUser.objects.filter(pk=user, realm=realm).exists()


def valid(digests: Collection[bytes]) -> frozenset[bytes]:
    """Those of these token digests that still count. One query."""
    found = VisitorToken.objects.filter(COUNTS, digest__in=digests).values_list("digest", flat=True)
    return frozenset(bytes(digest) for digest in found)
