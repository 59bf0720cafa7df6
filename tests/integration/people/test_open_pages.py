"""A right that is taken away on the pages of people ends what an open page is told (5-promises.md, R15)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from portal.accounts.actions import members, people
from portal.accounts.names import Role
from portal.accounts.permissions import principal_of
from portal.lib.threads import in_database
from sessions_app.consumers import live
from tests import cast
from tests.integration.live.page import LivePage
from tests.integration.people.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)


def change(house: House, **values: Any) -> None:
    people.change(principal=principal_of(house.root), id=house.olga.pk, values=values)


def remove(house: House) -> None:
    members.ungrant(principal=principal_of(house.root), agent_id=house.shop.pk, username="olga")


DEEDS: dict[str, tuple[Callable[[House], None], int]] = {
    "switched off": (partial(change, active=False), 4401),
    "given another role": (partial(change, role=Role.USER), 4404),
    "removed from the agent": (remove, 4404),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_an_open_page_of_an_agent_is_closed(monkeypatch: pytest.MonkeyPatch, house: House, deed: str) -> None:
    monkeypatch.setattr(live, "ASK_EVERY", 0.3)
    do, code = DEEDS[deed]
    await in_database(lambda: cast.own(house.otto, house.shop))
    async with LivePage(house.olga, "/agents/shop/sessions/") as page:
        await in_database(partial(do, house))
        await page.hear_until(lambda: page.closed)
        assert page.closed == code
