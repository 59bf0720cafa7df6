"""`portal.lib.prepared`: queries that the ORM writes once, and that are sent with other values each time."""

import pytest
from django.db.models import Q

from portal.agents.models import Agent
from portal.lib.prepared import Given, Prepared, among
from sessions_app.models import ChatUser
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agents():
    return [cast.agent("billing", languages=["en", "fr"]), cast.agent("shop", languages=["de", "en"])]


def test_each_call_asks_with_its_own_values():
    by_slug = Prepared(lambda: Agent.objects.filter(slug=Given("slug")).values_list("slug", "languages"))

    assert by_slug.rows(slug="shop") == [("shop", ["de", "en"])]
    assert by_slug.rows(slug="billing") == [("billing", ["en", "fr"])]
    assert by_slug.rows(slug="'; --") == []


def test_the_query_set_is_written_once():
    written = []

    def write():
        written.append(1)
        return Agent.objects.filter(slug=Given("slug")).values("slug")

    query = Prepared(write)
    query.rows(slug="shop")
    query.rows(slug="billing")
    assert written == [1]


def test_what_is_fixed_stays_beside_what_is_given(agents):
    query = Prepared(
        lambda: (
            Agent.objects.filter(among("id", "ids"), Q(slug="shop") | Q(name=Given("name")))
            .exclude(slug="helpdesk")
            .order_by("slug")
            .values_list("slug", flat=True)
        )
    )
    ids = [agent.pk for agent in agents]

    assert query.rows(ids=ids, name=agents[0].name) == [("billing",), ("shop",)]
    assert query.rows(ids=ids, name="") == [("shop",)]
    assert query.rows(ids=[], name=agents[0].name) == []


def test_rows_are_what_the_query_set_itself_gives():
    cast.user("ada", name="Ada")
    ChatUser.objects.update(attributes={"plan": ["gold", 1]})
    names = ("id", "external_id", "attributes", "created_at")
    found = Prepared(lambda: ChatUser.objects.filter(external_id=Given("id")).values(*names)).dicts(id="ada")

    assert list(found) == list(ChatUser.objects.values(*names))
