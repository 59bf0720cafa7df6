"""The cast of the demo (1-product.md, "Two commands")."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.names import Role

PASSWORD = "portal-demo"  # noqa: S105  printed at the start and on the sign-in page; refused outside the demo


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody one can sign in as, and what one gets to see then."""

    username: str
    name: str
    role: Role
    who: str | Promise

    @property
    def email(self) -> str:
        return f"{self.username}@portal.example"


ACCOUNTS = (
    DemoAccount("root", "Ruth Okafor", Role.ADMIN, _("Admin: every agent, every session")),
    DemoAccount("olga", "Olga Petrova", Role.OWNER, _("Owner of shop and billing")),
    DemoAccount("otto", "Otto Brandt", Role.OWNER, _("Owner of helpdesk")),
    DemoAccount("tara", "Tara Nair", Role.TRANSLATOR, _("Translator of shop and billing")),
    DemoAccount("emil", "Emil Sørensen", Role.USER, _("End user: chats, and manages nothing")),
)
USERNAMES = frozenset(account.username for account in ACCOUNTS)
END_USERS = tuple(account for account in ACCOUNTS if account.role == Role.USER)
