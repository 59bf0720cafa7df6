"""Every page and every form × who comes × whose it is, by looking at the addresses there are: one without a row fails
(5-promises.md, "Security"; the rows are in `rows.py`). The API has its table in
`tests/integration/api/test_permissions.py`."""

import pytest
from django.http import HttpResponse

from portal.agents.models import Agent
from tests.integration.matrix import addresses
from tests.integration.matrix.rows import COMERS, FORMS, OF_AN_AGENT, PAGES, SAME_FOR_TRANSLATORS
from tests.integration.matrix.scene import Scene
from tests.integration.matrix.scene import scene as new_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return new_scene()


def test_every_address_has_its_row():
    names = [address.name for address in addresses.pages()]
    assert len(names) == len(set(names))
    assert set(names) == set(PAGES)


@pytest.mark.parametrize("comer", COMERS)
@pytest.mark.parametrize("name", PAGES)
def test_each_gets_what_is_theirs(scene, name, comer):
    place = COMERS.index(comer)
    opens, sends = PAGES[name]
    assert got(scene, comer, "GET", name, scene.shop) == opens[place]
    assert got(scene, comer, "POST", name, scene.shop) == sends[place]


@pytest.mark.parametrize("comer", ["translator", "owner", "other owner"])
@pytest.mark.parametrize("name", OF_AN_AGENT)
def test_what_is_of_the_other_agent_is_not_there(scene, name, comer):
    """The two owners have changed places, and the translator comes to nothing of theirs."""
    stands_for = {"owner": "other owner", "other owner": "owner", "translator": "other owner"}[comer]
    if name in SAME_FOR_TRANSLATORS and comer == "translator":
        stands_for = "translator"
    place = COMERS.index(stands_for)
    opens, sends = PAGES[name]
    assert got(scene, comer, "GET", name, scene.helpdesk) == opens[place]
    assert got(scene, comer, "POST", name, scene.helpdesk) == sends[place]


def got(scene: Scene, comer: str, method: str, name: str, agent: Agent) -> str:
    (address,) = (address for address in addresses.pages() if address.name == name)
    path = address.path(scene.values(name, agent, guest=f"{comer} {method}"))
    if name == "policy-preview":
        path += f"?agent={agent.slug}"
    client = scene.client(comer)
    return word(client.get(path) if method == "GET" else client.post(path, FORMS.get(name)))


def word(response: HttpResponse) -> str:
    if response.status_code == 302 and "/login/?next=" in response["Location"]:
        return "sign in"
    return str(response.status_code) if response.status_code in (403, 404, 405) else "in"


@pytest.mark.parametrize("comer", COMERS)
def test_the_back_office_is_for_admins(scene, comer):
    client = scene.client(comer)
    expected = {"nobody": "sign in", "admin": "in"}.get(comer, "403")
    found = [each for each in addresses.back_office() if each.name not in ("admin:login", "admin:logout")]
    assert len(found) > 20
    values = {"app_label": "audit", "object_id": "1", "content_type_id": "1", "id": "1"}
    for address in found:
        path = address.path(values)
        if address.name == "admin:jsi18n":  # for everybody
            continue
        got = word(client.get(path))
        # For admins, too: records are not added or removed there, and number 1 is not there.
        assert got == expected or (comer == "admin" and got in ("403", "404")), path
