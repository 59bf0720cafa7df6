"""`manage.py create_token`: a token for whoever stands at the machine."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import Account, Token
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.lib import clock
from tests.integration.api.conftest import Program, refused

pytestmark = pytest.mark.django_db


def create(*words: str, **options: Any) -> Program:
    out = StringIO()
    call_command("create_token", *words, stdout=out, **options)
    return Program(out.getvalue().strip())


def test_it_prints_a_token_that_does_what_the_account_does(olga: Account, shop: Agent) -> None:
    assert create("olga").get("/agents/shop").status_code == 200
    token = Token.objects.get()
    assert (token.name, token.expires_at, token.agent_ids, token.read_only) == ("command line", None, None, False)
    assert Entry.objects.get().reason == "manage.py create_token"


def test_it_takes_every_limit(olga: Account, shop: Agent) -> None:
    who = create("olga", "--name=bot", "--days=30", "--read-only", "--backend", "--agent=shop", "--agent=shop")
    token = Token.objects.get()
    assert (token.name, token.scope, token.read_only, token.agent_ids) == ("bot", "backend", True, [shop.pk])
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - clock.now() <= timedelta(days=30)
    refused(who.post("/sessions", {"agent": "shop", "user": {"id": "ada"}}), 403, "forbidden")


@pytest.mark.parametrize(
    "words",
    [
        ("nobody",),
        ("olga", "--agent=nowhere"),
        ("olga", "--days=0"),
        ("olga", "--days=40000"),
        ("olga", "--name="),
        ("olga", f"--name={'x' * 101}"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(olga: Account, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="No token was made"):
        create(*words)
    assert not Token.objects.exists()


def test_an_account_that_is_switched_off_gets_none(olga: Account) -> None:
    Account.objects.update(is_active=False)
    with pytest.raises(CommandError, match="There is no active account 'olga'"):
        create("olga")
