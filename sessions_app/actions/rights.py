"""Word that somebody may do less now, to all open sockets (5-promises.md, R15).

Accounts, grants and sign-ins are changed beneath this part, which knows of them, and they not of it. The word is a
hint; sockets also ask by themselves.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from sessions_app import broadcast
from sessions_app.broadcast import Who


def changed(who: Who) -> None:
    """When the transaction under way is committed."""
    transaction.on_commit(partial(broadcast.rights_changed, who))


def follow_accounts() -> None:
    """Give the word whenever one of them is changed, one by one; what is changed in bulk, the sockets find."""
    for label in ("accounts.Account", "accounts.Grant"):
        post_save.connect(_account_changed, sender=label, dispatch_uid=f"rights {label}")
    for label in ("accounts.Account", "accounts.Grant", "sessions.Session"):
        post_delete.connect(_account_changed, sender=label, dispatch_uid=f"no rights {label}")


def _account_changed(**what: Any) -> None:
    signs_in = set(what.get("update_fields") or ()) == {"last_login"}
    if not (what.get("created") or signs_in):  # nobody has less
        changed("accounts")
