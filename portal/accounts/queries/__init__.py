"""Who has what to do with an agent."""

from portal.accounts.models import Account
from portal.accounts.names import GrantRole


def owners(agent_id: int) -> list[str]:
    """The names of an agent's owners, as others see them."""
    found = Account.objects.filter(grants__agent=agent_id, grants__role=GrantRole.OWNER, is_active=True)
    return sorted(account.name for account in found)
