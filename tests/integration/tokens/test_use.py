"""When a token was last used is known to the minute, and costs a call nothing but once in that minute."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from portal.accounts import auth
from portal.accounts.models import Account, Token
from portal.lib import clock
from tests.integration.tokens.conftest import with_token


def grow_older(by: timedelta) -> None:
    Token.objects.update(last_used_at=F("last_used_at") - by)


def last_used() -> object:
    return Token.objects.get().last_used_at


@pytest.mark.django_db
def test_it_is_known_from_the_first_call_on(olga: Account) -> None:
    who = with_token(olga)
    assert last_used() is None
    before = clock.now()
    who.get("/agents")
    used = Token.objects.get().last_used_at
    assert used is not None
    # Within a test's transaction statements have their own instants all the same.
    assert before <= used <= clock.now()


@pytest.mark.django_db
def test_it_is_written_once_a_minute_and_not_at_each_call(olga: Account) -> None:
    who = with_token(olga)
    who.get("/agents")
    grow_older(timedelta(seconds=30))
    noted = last_used()
    with CaptureQueriesContext(connection) as queries:
        who.get("/agents")
    assert last_used() == noted
    assert [query for query in queries if "UPDATE" in query["sql"]] == []

    grow_older(timedelta(seconds=30))
    noted = last_used()
    who.get("/agents")
    assert last_used() != noted


@pytest.mark.django_db
def test_a_call_that_is_refused_for_what_it_wants_is_a_use_and_one_with_a_wrong_secret_is_none(olga: Account) -> None:
    who = with_token(olga, read_only=True)
    secret, who.token = who.token, f"{who.token}x"
    assert who.get("/agents").status_code == 401
    assert last_used() is None
    who.token = secret
    assert who.post("/agents", {"name": "Bistro", "platform": "external"}).status_code == 403
    assert last_used() is not None


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_token_that_is_being_changed(olga: Account) -> None:
    secret = str(with_token(olga).token)
    found: list[object] = []
    with transaction.atomic():
        Token.objects.select_for_update().get()
        calling = threading.Thread(target=lambda: (found.append(auth.by_token(secret)), connection.close()))
        calling.start()
        calling.join(timeout=60)
        assert not calling.is_alive(), "it waits for the lock"
    assert found[0] is not None
    assert last_used() is None, "another time"
    assert auth.by_token(secret)
    assert last_used() is not None
