"""Writing the audit log. Callers are in the transaction of the deed: both are kept, or neither."""

from collections.abc import Iterable
from typing import Any

from portal.audit.models import Entry
from portal.lib import origin


def record(
    verb: str,
    *,
    account_id: int | None,
    subject: str,
    agent_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> None:
    """Append one deed. Address and request id come from the request under way, if there is one."""
    where = origin.current()
    Entry.objects.create(
        verb=verb,
        account_id=account_id,
        agent_id=agent_id,
        subject=subject,
        before=before,
        after=after,
        reason=reason,
        address=where.address,
        request_id=where.request_id,
    )


def record_all(
    verb: str, *, account_id: int | None, subjects: Iterable[tuple[str, int | None]], reason: str = ""
) -> None:
    """Append one deed on many subjects, each a pair of what it was done to and its agent; one statement."""
    where = origin.current()
    shared = {"verb": verb, "account_id": account_id, "reason": reason}
    shared |= {"address": where.address, "request_id": where.request_id}
    Entry.objects.bulk_create(Entry(subject=subject, agent_id=agent_id, **shared) for subject, agent_id in subjects)
