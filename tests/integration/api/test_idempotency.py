"""A POST that is sent again gets the first answer (3-api.md, "Errors": `Idempotency-Key`; docs/decisions/0014)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from portal import api
from portal.accounts.models import Token
from portal.rest import claims, idempotency
from portal.rest.models import KeptAnswer
from portal.rest.tasks import forget_old_answers
from sessions_app.models import ChatSession, Message
from tests import cast
from tests.integration.api.bench import KEY, START, grow_older, is_replay, send
from tests.integration.api.conftest import program, refused

WITH_A_SECRET = {"/chat/{slug}", "/agents/{slug}/identity-secret", "/tokens", "/people", "/people/{id}/invitation"}


# ── sent again
@pytest.mark.django_db
class TestSentAgain:
    def test_it_is_not_done_again_and_gets_the_first_answer(self, owner):
        first, again = send(owner), send(owner)

        assert (first.status_code, is_replay(first)) == (201, False)
        assert (again.status_code, is_replay(again)) == (201, True)
        assert again.content == first.content
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert ChatSession.objects.count() == 1

    def test_the_answer_is_that_of_then(self, owner):
        id = send(owner).body["id"]
        owner.post(f"/sessions/{id}/end")
        assert send(owner).body["state"] == "live"

    def test_a_refusal_is_an_answer_too(self, owner, olga):
        later = {**START, "agent": "later"}
        first = send(owner, body=later)
        cast.agent("later", owner=olga)
        again = send(owner, body=later)

        refused(first, 404, "not_found")
        refused(again, 404, "not_found")
        assert is_replay(again)
        assert send(owner, body=later, key="another").status_code == 201

    def test_what_was_refused_before_it_began_uses_up_no_key(self, owner, nobody):
        refused(send(owner, body={"agent": "shop", "user": "ada"}), 422, "invalid")
        refused(send(owner, body=b"{"), 422, "invalid")
        refused(send(nobody), 401, "unauthenticated")
        assert not KeptAnswer.objects.exists()
        assert send(owner).status_code == 201

    def test_without_a_key_it_is_done_as_often_as_it_is_sent_and_costs_nothing(self, owner):
        with CaptureQueriesContext(connection) as queries:
            owner.post("/sessions", START)
            owner.post("/sessions", START)
        assert ChatSession.objects.count() == 2
        assert not [query for query in queries if "rest_kept_answer" in query["sql"]]

    def test_another_body_is_refused_and_not_done(self, owner):
        send(owner)
        problem = refused(send(owner, body={**START, "language": "de"}), 422, "invalid")
        assert "another body" in problem["errors"]["Idempotency-Key"][0]
        assert ChatSession.objects.count() == 1

    def test_another_address_is_refused_and_not_done(self, owner):
        id = send(owner, body={**START, "prompt": False}).body["id"]
        problem = refused(send(owner, f"/sessions/{id}/end", None), 422, "invalid")
        assert "another address" in problem["detail"]
        assert owner.get(f"/sessions/{id}").body["state"] == "live"

    @pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\u200bb", "\0", "\x7f", "ключ\n"])
    def test_what_cannot_be_a_key_is_refused(self, owner, key):
        problem = refused(send(owner, key=key), 422, "invalid")
        assert problem["errors"] == {"Idempotency-Key": ["This must be 1 to 255 printable characters."]}
        assert not ChatSession.objects.exists()

    @pytest.mark.parametrize("key", ["x", "x" * 255, "a b", "ключ" * 60, "ключ".encode().decode("latin-1"), '"é"'])
    def test_anything_printable_can(self, owner, key):
        send(owner, key=key)
        assert is_replay(send(owner, key=key))


# ── whose keys
@pytest.mark.django_db
class TestCallers:
    def test_each_has_keys_of_their_own(self, owner, stranger):
        send(owner)
        theirs = send(stranger, body={**START, "agent": "helpdesk"})
        assert (theirs.status_code, is_replay(theirs)) == (201, False)

    def test_visitors_have_keys(self, visitor, other_visitor):
        def say(who: Any) -> Any:
            return send(who, f"/sessions/{who.session}/messages", {"text": "once"})

        first, again, other = say(visitor), say(visitor), say(other_visitor)

        assert (again.content, is_replay(again)) == (first.content, True)
        assert (other.status_code, is_replay(other)) == (200, False)
        assert Message.objects.filter(text="once").count() == 2

    def test_the_tokens_of_an_account_and_its_sign_in_share_them(self, olga, owner, settings):
        first = send(owner)
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(olga)
        page = RequestFactory().get("/")
        token = get_token(page)
        browser.cookies[settings.CSRF_COOKIE_NAME] = page.META["CSRF_COOKIE"]

        def click(**headers: str) -> Any:
            headers = {"Idempotency-Key": KEY, **headers}
            return browser.post("/api/v1/sessions", START, content_type="application/json", headers=headers)

        assert click().status_code == 403, "the CSRF token is asked for first"
        assert click(**{"X-CSRFToken": token}).content == first.content
        assert send(program(olga)).content == first.content
        assert ChatSession.objects.count() == 1

    def test_who_has_lost_a_right_does_not_get_the_answer(self, olga, owner):
        id = send(owner).body["id"]
        olga.grants.all().delete()
        response = send(owner)
        refused(response, 403, "forbidden")
        assert id not in response.content.decode()

    def test_nor_does_a_token_for_reading_only(self, olga, owner):
        send(owner)
        Token.objects.update(read_only=True)
        refused(send(owner), 403, "forbidden")

    def test_nor_one_that_was_revoked(self, owner):
        send(owner)
        Token.objects.all().delete()
        refused(send(owner), 401, "unauthenticated")

    def test_who_has_more_rights_than_then_does(self, olga, owner):
        send(owner)
        cast.agent("another", owner=olga)
        assert is_replay(send(owner))


# ── what is not kept
@pytest.mark.django_db
class TestSecrets:
    def test_a_visitors_token_is_not_kept_and_the_key_is_not_looked_at(self, nobody, visitor, shop):
        first, again = send(nobody, "/chat/shop", {}), send(nobody, "/chat/shop", {}, key="\t")
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.body["visitor_token"] != again.body["visitor_token"]
        assert not KeptAnswer.objects.exists()

    def test_every_post_says_so_in_the_openapi_document(self):
        posts = {path: methods["post"] for path, methods in api.document()["paths"].items() if "post" in methods}
        assert {"/api/v1/sessions", "/api/v1/chat/{slug}"} <= set(posts)
        for path, post in posts.items():
            (parameter,) = [each for each in post["parameters"] if each["name"] == "Idempotency-Key"]
            assert (parameter["in"], parameter["required"]) == ("header", False)
            assert parameter["schema"] == {"type": "string", "minLength": 1, "maxLength": 255}
            ignored = path.removeprefix("/api/v1") in WITH_A_SECRET
            assert parameter["description"] == (idempotency.IGNORED if ignored else idempotency.TAKEN)
            # Of a key that cannot be one, or was another request's.
            assert ignored or "`invalid`" in post["responses"]["422"]["description"], path

    def test_nothing_else_takes_a_key(self):
        for methods in api.document()["paths"].values():
            for method, operation in methods.items():
                named = {parameter["name"] for parameter in operation["parameters"]}
                assert ("Idempotency-Key" in named) == (method == "post")


@pytest.mark.django_db
class TestAge:
    def test_after_24_hours_a_key_is_a_new_one(self, owner):
        first = send(owner)
        grow_older(timedelta(hours=23, minutes=59))
        assert send(owner).content == first.content
        grow_older(timedelta(minutes=1))
        again = send(owner, body={**START, "language": "de"})
        assert (again.status_code, is_replay(again)) == (201, False)
        assert KeptAnswer.objects.count() == 1

    def test_the_oldest_are_forgotten_so_many_at_a_time(self, owner):
        for key in ("oldest", "older", "old"):
            send(owner, key=key)
            grow_older(timedelta(hours=1))
        grow_older(timedelta(hours=22, minutes=30))
        send(owner, key="new")
        assert set(KeptAnswer.objects.values_list("key", flat=True)) == {"old", "new"}, "one that is written does that"

        grow_older(timedelta(hours=2))
        KeptAnswer.objects.filter(key="new").update(claimed_at=F("claimed_at") + timedelta(hours=2))
        assert claims.forget_old(limit=0) == 0
        assert claims.forget_old(limit=1) == 1
        assert KeptAnswer.objects.get().key == "new"

    def test_beat_forgets_them_when_no_more_keys_come(self, owner):
        send(owner)
        forget_old_answers()
        assert KeptAnswer.objects.exists()
        grow_older(timedelta(hours=24))
        forget_old_answers()
        assert not KeptAnswer.objects.exists()
