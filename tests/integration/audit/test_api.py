"""`GET /audit` (3-api.md): the same entries as on the page, with the same filters."""

from datetime import timedelta

import pytest

from portal.accounts.models import Token
from portal.audit import actions as audit
from portal.audit.models import Entry
from portal.lib import instants, tokens
from tests.integration.api.conftest import Program, come, program, refused
from tests.integration.audit.conftest import Scene
from tests.integration.audit.log import record
from tests.integration.audit.test_page import SEEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(scene: Scene) -> Program:
    return program(scene.people["root"])


def ids(caller: Program, **query: object) -> list[int]:
    answer = caller.get("/audit", **query)
    assert answer.status_code == 200, answer.body
    return [item["id"] for item in answer.body["items"]]


@pytest.mark.parametrize("who", SEEN)
def test_everybody_sees_what_is_theirs_newest_first(scene: Scene, who: str) -> None:
    found = ids(program(scene.people[who]))
    assert set(found) == scene.ids(*SEEN[who])
    assert found == sorted(found, reverse=True)


def test_it_is_for_nobody_else(scene: Scene) -> None:
    refused(program(scene.people["emil"]).get("/audit"), 403, "forbidden")
    refused(Program().get("/audit"), 401, "unauthenticated")
    refused(come(scene.entries["policy"].agent).get("/audit"), 403, "forbidden")


def test_a_token_for_reading_reads_it(scene: Scene) -> None:
    reader = program(scene.people["olga"])
    Token.objects.filter(digest=tokens.digest(str(reader.token))).update(read_only=True)
    assert set(ids(reader)) == scene.ids("policy", "text")


@pytest.mark.parametrize("who", ["root", "olga"])
def test_a_token_that_is_bound_to_an_agent_reads_of_that_agent(scene: Scene, who: str) -> None:
    caller = program(scene.people[who])
    Token.objects.filter(digest=tokens.digest(str(caller.token))).update(agent_ids=[scene.entries["policy"].agent_id])
    assert set(ids(caller)) == scene.ids("policy", "text")


def test_a_token_of_a_back_end_does_not(scene: Scene) -> None:
    caller = program(scene.people["olga"])
    Token.objects.filter(digest=tokens.digest(str(caller.token))).update(scope="backend")
    refused(caller.get("/audit"), 403, "forbidden")


def test_an_entry_has_all_there_is(scene: Scene, root: Program) -> None:
    answer = root.get("/audit", q="policy").body
    (item,) = answer["items"]
    entry = scene.entries["policy"]
    assert item == {
        "id": entry.pk,
        "at": instants.iso(entry.at),
        "person": {"id": scene.people["olga"].pk, "username": "olga"},
        "verb": "policy.changed",
        "agent": "shop",
        "subject": "policy v2 of shop",
        "before": {"warn_before": 60},
        "after": {"warn_before": 30},
        "reason": "Too long.",
        "address": None,
        "request_id": "",
        "erased": [],
    }
    assert (answer["next_cursor"], set(answer)) == (None, {"items", "next_cursor", "server_now"})


def test_who_is_gone_and_what_was_erased_are_told(scene: Scene, root: Program) -> None:
    otto = scene.people["otto"]
    gone = otto.pk
    otto.delete()
    audit.erase(entries=[scene.entries["help"].pk], fields=["reason", "address"])
    (item,) = root.get("/audit", verb="session.end").body["items"]
    assert item["person"] == {"id": gone, "username": None}
    assert (item["reason"], item["erased"]) == ("", ["reason"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"person": "tara"}, ("text", "text elsewhere")),
        ({"verb": "session.end"}, ("help",)),
        ({"agent": "helpdesk", "person": "root"}, ("help by root",)),
        ({"q": "session 0199c2d4"}, ("help", "help by root")),
        ({"person": ""}, SEEN["root"]),
    ],
)
def test_filters(scene: Scene, root: Program, query: dict[str, str], names: tuple[str, ...]) -> None:
    assert set(ids(root, **query)) == scene.ids(*names)


def test_a_period_has_its_beginning_and_not_its_end(scene: Scene, root: Program) -> None:
    at = [entry.at for entry in Entry.objects.order_by("at")]
    assert ids(root, **{"from": at[1].isoformat(), "to": at[3].isoformat()}) == list(
        Entry.objects.filter(at__in=at[1:3]).values_list("pk", flat=True)
    )
    assert ids(root, **{"from": (at[-1] + timedelta(seconds=1)).isoformat()}) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "1700000000"}, "to"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"cursor": "nowhere"}, "cursor"),
        ({"person": "a\0"}, "person"),
    ],
)
def test_what_cannot_be_is_refused(root: Program, query: dict[str, object], field: str) -> None:
    assert field in refused(root.get("/audit", **query), 422, "invalid")["errors"]


def test_an_unknown_filter_is_refused(root: Program) -> None:
    assert "colour" in refused(root.get("/audit", colour="red"), 422, "invalid")["detail"]
    assert "since" in refused(root.get("/audit", since="2026-11-21T10:05:00Z"), 422, "invalid")["detail"]


def test_pages_neither_skip_nor_repeat_while_more_is_done(scene: Scene, root: Program) -> None:
    before = ids(root)
    seen: list[int] = []
    cursor = ""
    while True:
        answer = root.get("/audit", limit=2, cursor=cursor).body
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
        record()
    assert seen == before
