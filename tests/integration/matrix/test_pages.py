"""Every page and every form × who comes × whose it is, by looking at the addresses there are: one without a row fails
(5-promises.md, "Security"; the rows are in `rows.py`). The API has its table in
`tests/integration/api/test_permissions.py`, the sockets in `test_sockets.py`."""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.agents.models import Agent
from tests.integration.matrix import addresses
from tests.integration.matrix.ledger import Cell, Matrix
from tests.integration.matrix.rows import COMERS, CONFIRMED, FORMS, OF_AN_AGENT, PAGES, SAME_FOR_TRANSLATORS
from tests.integration.matrix.scene import STRANGERS, Scene, undone
from tests.integration.matrix.scene import scene as new_scene

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST")  # as the rows have them
# The two owners have changed places, and the translator comes to nothing of theirs.
ELSEWHERE = {"owner": "other owner", "other owner": "owner", "translator": "other owner"}


@pytest.fixture
def scene() -> Scene:
    return new_scene()


def test_every_address_has_its_row():
    names = [address.name for address in addresses.pages()]
    assert len(names) == len(set(names))
    assert set(names) == set(PAGES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PAGES)
def test_each_gets_what_is_theirs(scene: Scene, matrix: Matrix, name: str, method: str) -> None:
    expected = dict(_expected(name, method))
    got = {(comer, whose): _got(scene, comer, method, name, whose) for comer, whose in expected}
    matrix.hold("pages" if method == "GET" else "forms", name, got=got, expected=expected)


def _expected(name: str, method: str) -> Iterator[tuple[Cell, str]]:
    row = dict(zip(COMERS, PAGES[name][METHODS.index(method)], strict=True))
    for comer in COMERS:
        yield (comer, "own"), row[comer]
    for comer in STRANGERS:
        yield (comer, "own"), row["nobody"]
    for comer, like in ELSEWHERE.items() if name in OF_AN_AGENT else ():
        same = comer == "translator" and name in SAME_FOR_TRANSLATORS
        yield (comer, "other"), row[comer if same else like]


def _got(scene: Scene, comer: str, method: str, name: str, whose: str) -> str:
    agent = scene.shop if whose == "own" else scene.helpdesk
    with undone():
        path = _path(scene, name, agent)
        client = scene.client(comer)
        return _word(client.get(path) if method == "GET" else client.post(path, FORMS.get(name)))


def _path(scene: Scene, name: str, agent: Agent) -> str:
    (address,) = (address for address in addresses.pages() if address.name == name)
    path = address.path(scene.values(name, agent))
    return f"{path}?agent={agent.slug}" if name == "policy-preview" else path


def _word(response: HttpResponse) -> str:
    if response.status_code == 302 and "/login/?next=" in response["Location"]:
        return "sign in"
    return str(response.status_code) if response.status_code in (403, 404, 405) else "in"


# ── the back office
BACK_OFFICE = {"app_label": "audit", "object_id": "1", "content_type_id": "1", "id": "1"}
OPEN_TO_ALL = "admin:login"


@pytest.mark.parametrize("comer", [*COMERS, *STRANGERS])
def test_the_back_office_is_for_admins(scene: Scene, matrix: Matrix, comer: str) -> None:
    client = scene.client(comer)
    expected = {"admin": "in", "nobody": "sign in"} | dict.fromkeys(STRANGERS, "sign in")
    found = list(addresses.back_office())
    assert len(found) > 20
    for address in found:
        path = address.path(BACK_OFFICE)
        theirs = "in" if address.name == OPEN_TO_ALL else expected.get(comer, "403")
        got = {(comer, "own"): _back_office_word(client.get(path), comer)}
        matrix.hold("back office", address.name, got=got, expected={(comer, "own"): theirs})
        if comer != "admin":
            assert _word(client.post(path)) == theirs, path


def _back_office_word(response: HttpResponse, comer: str) -> str:
    """For admins, too: records are not added or removed there, number 1 is not there, and signing out takes a POST."""
    word = _word(response)
    return "in" if comer == "admin" and word in ("403", "404", "405") else word


# ── forms come from our own pages
def _browser(scene: Scene, comer: str) -> Client:
    return scene.client(comer, enforce_csrf_checks=True)


@pytest.mark.parametrize("comer", ["nobody", "admin"])
def test_no_form_is_taken_without_its_csrf_token(scene: Scene, comer: str) -> None:
    taken = {}
    for name in PAGES:
        with undone():
            response = _browser(scene, comer).post(_path(scene, name, scene.shop), FORMS.get(name))
        if response.status_code != 403 or "403_csrf.html" not in [each.name for each in response.templates]:
            taken[name] = response.status_code
    assert taken == {}
    for address in addresses.back_office():
        response = _browser(scene, comer).post(address.path(BACK_OFFICE))
        assert response.status_code == 403, address


# ── and some from whoever shows once more that it is them
def test_these_wait_until_it_is_sure_who_sends_them(scene: Scene) -> None:
    waiting = set()
    for name in PAGES:
        with undone():
            response = _left_open(scene).post(_path(scene, name, scene.shop), FORMS.get(name))
        if response.headers.get("Location", "").startswith(reverse("account_reauthenticate") + "?"):
            waiting.add(name)
    assert sorted(waiting ^ CONFIRMED) == []


def _left_open(scene: Scene) -> Client:
    """A browser in which the admin signed in a while ago."""
    client = scene.client("admin")
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    return client
