"""Two people at once: there is always an admin, and an agent always has an owner."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from portal.accounts.actions import members, people
from portal.accounts.actions.refusals import Refused
from portal.accounts.models import Account, Grant
from portal.accounts.names import GrantRole, Role
from portal.accounts.permissions import NotAllowed, principal_of
from tests import cast
from tests.integration.people.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 60


def together(*deeds: Callable[[], object]) -> list[BaseException | None]:
    """What each raised, of deeds that begin at the same moment."""
    begin, raised = threading.Barrier(len(deeds)), [None for _ in deeds]  # type: tuple[threading.Barrier, list[BaseException | None]]

    def run(place: int, deed: Callable[[], object]) -> None:
        begin.wait(PATIENCE_SECONDS)
        try:
            deed()
        except (Refused, NotAllowed) as error:
            raised[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    return raised


def test_two_admins_who_take_each_others_role_leave_one(house: House) -> None:
    for _ in range(10):
        ruth = cast.account(f"ruth{Account.objects.count()}", Role.ADMIN)
        Account.objects.filter(pk=house.root.pk).update(role=Role.ADMIN)
        pair = [
            (principal_of(Account.objects.get(pk=a)), b)
            for a, b in ((house.root.pk, ruth.pk), (ruth.pk, house.root.pk))
        ]
        raised = together(
            *(lambda p=p, id=id: people.change(principal=p, id=id, values={"role": Role.OWNER}) for p, id in pair)
        )
        assert sum(error is None for error in raised) == 1, raised
        assert Account.objects.filter(role=Role.ADMIN).count() == 1
        Account.objects.filter(pk=ruth.pk).update(role=Role.OWNER)


def test_two_owners_who_are_removed_at_once_leave_one(house: House) -> None:
    root = principal_of(house.root)
    for _ in range(10):
        for who in (house.olga, house.otto):
            Grant.objects.get_or_create(account=who, agent=house.shop, role=GrantRole.OWNER)
        raised = together(
            *(
                lambda name=name: members.ungrant(principal=root, agent_id=house.shop.pk, username=name)
                for name in ("olga", "otto")
            )
        )
        assert sum(error is None for error in raised) == 1, raised
        assert house.shop.grants.filter(role=GrantRole.OWNER).count() == 1
