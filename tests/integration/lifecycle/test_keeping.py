"""How long ended sessions are kept, when policies have changed since (1-product.md, "Session policy")."""

from datetime import timedelta

import pytest

from sessions_app.actions import apply, policies, sweeping
from sessions_app.core.commands import End
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession, PolicyVersion
from tests import cast

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _days_later(session: ChatSession, days: int) -> None:
    cast.pass_time(session.pk, days * DAY)
    for version in PolicyVersion.objects.all():
        PolicyVersion.objects.filter(pk=version.pk).update(saved_at=version.saved_at - days * DAY)


def test_a_transcript_that_a_newer_policy_keeps_for_longer_is_not_erased_when_yet_another_one_comes(olga):
    """Under its own policy it would be long gone; but that has not been in force since the day it ended."""
    shop = cast.agent(owner=olga, policy={"transcript_retention": DAY})
    session = cast.chatting(shop)
    apply([End(session=session.pk, end_reason=EndReason.OWNER_ENDED)])
    save = {"principal": cast.principal(olga), "agent": shop}
    policies.change(**save, values={"transcript_retention": 60 * DAY})
    _days_later(session, 31)
    policies.change(**save, values={"transcript_retention": 90 * DAY})
    sweeping.sweep()

    session.refresh_from_db()
    assert session.archived_at is not None, "it was looked at"
    assert (session.lines.count(), session.transcript_erased_at) == (2, None)

    _days_later(session, 59)
    sweeping.sweep()
    session.refresh_from_db()
    assert session.lines.count() == 0
    assert session.transcript_erased_at == session.touched_at + 90 * DAY
