"""Every page and every form × who comes × whose it is, by looking at the addresses there are: one without a row here
fails (5-promises.md, "Security"). The API has its table in `tests/integration/api/test_permissions.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.accounts import auth
from portal.accounts.models import Account, Token
from portal.accounts.names import Role
from portal.agents.models import Agent
from tests import cast

pytestmark = pytest.mark.django_db

# Of the agent that it is about: its owner, its translator. The last owner has another agent.
COMERS = ("nobody", "user", "translator", "owner", "other owner", "admin")
# What they get: in; the sign-in page; 403, where they may not; 404, what is not there for them; 405, no such request.
Row = tuple[str, str, str, str, str, str]
OPEN: Row = ("in", "in", "in", "in", "in", "in")
NONE: Row = ("405", "405", "405", "405", "405", "405")
SIGNED_IN: Row = ("sign in", "in", "in", "in", "in", "in")
STAFF: Row = ("sign in", "403", "in", "in", "in", "in")
OPERATORS: Row = ("sign in", "403", "403", "in", "in", "in")
OWNERS: Row = ("sign in", "403", "403", "in", "404", "in")
TRANSLATORS: Row = ("sign in", "403", "in", "in", "404", "in")
ADMINS: Row = ("sign in", "403", "403", "403", "403", "in")
HOLDER: Row = ("sign in", "404", "404", "in", "404", "404")  # of olga's token
MEMBER: Row = ("sign in", "403", "403", "in", "404", "in")  # of the shop's translator
ADMIN_OF_MEMBER: Row = ("sign in", "403", "403", "403", "404", "in")
NO_FORM: Row = ("sign in", "403", "405", "405", "405", "405")

# By the name of the address: who opens it (GET), and who sends its form (POST).
PAGES: dict[str, tuple[Row, Row]] = {
    "login": (OPEN, OPEN),
    "logout": (NONE, ("in",) * 6),
    "account-password": (SIGNED_IN, SIGNED_IN),
    "overview": (STAFF, NO_FORM),  # a translator is led on to the messages
    "agents": (STAFF, NO_FORM),
    "agent-new": (OPERATORS, OPERATORS),
    "agent-new-slug": (NO_FORM, OPERATORS),
    "agent": (TRANSLATORS, NO_FORM),
    "agent-settings": (OWNERS, OWNERS),
    "agent-identity-secret": (NO_FORM, OWNERS),
    "session-policy": (OWNERS, OWNERS),
    "agent-sessions": (OWNERS, NO_FORM),
    "sessions": (OPERATORS, NO_FORM),
    "session-end": (NO_FORM, OWNERS),
    "session-pause": (NO_FORM, OWNERS),
    "session-resume": (NO_FORM, OWNERS),
    "session-transfer-cancel": (NO_FORM, OWNERS),
    "session-management": (OPERATORS, OPERATORS),
    "policy-preview": (NO_FORM, OWNERS),
    "localization": (STAFF, NO_FORM),
    "agent-localization": (TRANSLATORS, NO_FORM),
    "message-text": (TRANSLATORS, TRANSLATORS),
    "audit": (STAFF, NO_FORM),
    "audit-verify": (NO_FORM, ADMINS),
    "tokens": (SIGNED_IN, ("sign in", *("405",) * 5)),
    "token-new": (SIGNED_IN, SIGNED_IN),
    "token": (HOLDER, HOLDER),
    "token-revoke": (("sign in", *("405",) * 5), HOLDER),
    "people": (OPERATORS, NO_FORM),
    "people-invite": (ADMINS, ADMINS),
    "people-add": (OPERATORS, OPERATORS),
    "person": (MEMBER, MEMBER),
    "person-switch": (NO_FORM, ADMIN_OF_MEMBER),
    "person-invitation": (NO_FORM, ADMIN_OF_MEMBER),
    "person-take": (NO_FORM, MEMBER),
    "invitation": (OPEN, OPEN),  # whoever has the link
    "openapi": (OPEN, OPEN),
    "api-docs": (OPEN, OPEN),
    "chat": (OPEN, OPEN),
    "healthz": (OPEN, OPEN),
    "readyz": (OPEN, OPEN),
    "metrics": (OPEN, NONE),  # from this machine
}
OF_AN_AGENT = [name for name, rows in PAGES.items() if {OWNERS, TRANSLATORS} & set(rows) and "person" not in name]
# What a form has to say before it is asked whether one may.
FORMS = {"person-switch": {"active": "no"}, "person-take": {"agent": "shop", "role": "translator"}}
# Whose refusal does not depend on the agent: a translator has nothing to do with sessions, be they of theirs or not.
SAME_FOR_TRANSLATORS = {"session-end", "session-pause", "session-resume", "session-transfer-cancel", "policy-preview"}


@dataclass(frozen=True)
class Scene:
    """The owner olga and the translator tara of the shop, otto who owns the help desk, and others."""

    accounts: dict[str, Account | None]
    shop: Agent
    helpdesk: Agent

    @property
    def translator(self) -> Account:
        tara = self.accounts["translator"]
        assert tara is not None
        return tara


@pytest.fixture
def scene() -> Scene:
    olga, otto, tara = cast.account("olga"), cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    shop, helpdesk = cast.agent("shop", owner=olga), cast.agent("helpdesk", owner=otto)
    cast.translate(tara, shop, "de")
    people = (None, cast.account("emil", Role.USER), tara, olga, otto, cast.admin())
    return Scene(dict(zip(COMERS, people, strict=True)), shop, helpdesk)


def addresses(patterns: Sequence[Any] | None = None) -> Iterator[URLPattern]:
    """All but those of the API and of the back office, whose tables stand elsewhere."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif isinstance(pattern, URLResolver) and pattern.namespace is None:
            yield from addresses(pattern.url_patterns)


def test_every_address_has_its_row():
    names = [pattern.name for pattern in addresses()]
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
    client = Client()
    if (account := scene.accounts[comer]) is not None:
        client.force_login(account)
    session = cast.chatting(agent, cast.user(f"{comer} {method}", realm=agent.realm))
    values = {"slug": agent.slug, "id": session.pk, "key": "session_expired", "language": "de"}
    values |= {"uidb64": "MQ", "token": "not-one"}
    if name.startswith("token"):
        values["id"] = _token(scene)
    if name.startswith("person"):
        values["id"] = scene.translator.pk
    (pattern,) = (pattern for pattern in addresses() if pattern.name == name)
    address = reverse(name, kwargs={part: values[part] for part in pattern.pattern.converters})
    if name == "policy-preview":
        address += f"?agent={agent.slug}"
    return _word(client.get(address) if method == "GET" else client.post(address, FORMS.get(name)))


def _token(scene: Scene) -> int:
    olga = scene.accounts["owner"]
    assert olga is not None
    auth.mint_token(account=olga, name="of olga")
    return Token.objects.filter(account=olga).latest("pk").pk


def _word(response: HttpResponse) -> str:
    if response.status_code == 302 and "/login/?next=" in response["Location"]:
        return "sign in"
    return str(response.status_code) if response.status_code in (403, 404, 405) else "in"


@pytest.mark.parametrize("comer", COMERS)
def test_the_back_office_is_for_admins(scene, comer):
    client = Client()
    if (account := scene.accounts[comer]) is not None:
        client.force_login(account)
    expected = {"nobody": "sign in", "admin": "in"}.get(comer, "403")
    patterns = list(back_office())
    assert len(patterns) > 20
    for pattern in patterns:
        values = {"app_label": "audit", "object_id": "1", "content_type_id": "1", "id": "1"}
        address = reverse(
            f"admin:{pattern.name}", kwargs={part: values[part] for part in pattern.pattern.regex.groupindex}
        )
        word = _word(client.get(address))
        # For admins, too: records are not added or removed there, and number 1 is not there.
        assert word == expected or (comer == "admin" and word in ("403", "404")), address


def back_office() -> Iterator[URLPattern]:
    (resolver,) = (p for p in get_resolver().url_patterns if isinstance(p, URLResolver) and p.namespace == "admin")
    waiting = list(resolver.url_patterns)
    while waiting:
        pattern = waiting.pop()
        if isinstance(pattern, URLResolver):
            waiting += pattern.url_patterns
        elif pattern.name and pattern.name not in ("login", "logout", "jsi18n"):  # which are for everybody
            yield pattern
