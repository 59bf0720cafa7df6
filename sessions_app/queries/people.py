"""Who did it: the actors of sessions, by name."""

from collections.abc import Iterable, Mapping

from portal.accounts.models import Account
from sessions_app.core.commands import account_actor

_ACCOUNT = account_actor(0)[:-1]


def names(actors: Iterable[str | None]) -> Mapping[str, str]:
    """Actor → how others see that account; those whose account is gone are left out. One query, none for none."""
    ids = [int(actor.removeprefix(_ACCOUNT)) for actor in actors if actor and actor.startswith(_ACCOUNT)]
    if not ids:
        return {}
    return {account_actor(account.pk): account.name for account in Account.objects.filter(pk__in=ids)}
