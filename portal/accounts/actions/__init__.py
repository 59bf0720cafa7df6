"""Making accounts, and saying what they may touch."""

from collections.abc import Iterable

from django.db import transaction

from portal.accounts.models import Account, Grant
from portal.accounts.names import GrantRole, Role
from portal.accounts.permissions import Principal, Verb, demand
from portal.audit import actions as audit


def create(*, username: str, name: str, email: str, role: Role) -> Account:
    """A new account, without a password: it signs in when it has been given one. An admin gets the back office too."""
    first, _, last = name.partition(" ")
    make = Account.objects.create_superuser if role == Role.ADMIN else Account.objects.create_user
    values = {} if role == Role.ADMIN else {"role": role}
    return make(username, email, None, first_name=first, last_name=last, **values)


@transaction.atomic
def let_translate(*, principal: Principal, account: Account, agent_id: int, languages: Iterable[str]) -> Grant:
    """Assign these languages of an agent to an account, in place of those it had. Raises NotVisible, NotAllowed."""
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent_id)
    grant, _ = Grant.objects.update_or_create(
        account=account, agent_id=agent_id, role=GrantRole.TRANSLATOR, defaults={"languages": sorted(languages)}
    )
    audit.record(
        "grant.changed",
        account_id=principal.account_id,
        agent_id=agent_id,
        subject=f"account {account.pk}",
        after={"role": GrantRole.TRANSLATOR.value, "languages": grant.languages},
    )
    return grant
