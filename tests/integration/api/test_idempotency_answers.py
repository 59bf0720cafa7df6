"""Which answers are kept for a request that is sent again, and how (docs/decisions/0014)."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.http import RawPostDataException
from django.test import RequestFactory
from django.test.client import encode_multipart
from ninja import NinjaAPI

from portal.rest import claims, idempotency, keyed
from portal.rest.keyed import Caller
from portal.rest.models import KeptAnswer
from tests.integration.api import bench
from tests.integration.api.bench import is_replay, send_bench, stage

pytestmark = [pytest.mark.django_db, pytest.mark.urls(bench.__name__)]


@pytest.fixture(autouse=True)
def _empty_stage() -> None:
    stage.clear()


@pytest.mark.parametrize("status", [200, 201, 204, 400, 403, 404, 409, 412, 413, 422])
def test_what_was_decided_is_kept(status):
    first, again = (send_bench(f"/status/{status}") for _ in range(2))
    assert (again.status_code, again.content, is_replay(again)) == (status, first.content, True)
    assert stage.done == [status]


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
def test_what_asks_for_another_try_is_not(status):
    again = [send_bench(f"/status/{status}") for _ in range(2)][1]
    assert (again.status_code, is_replay(again)) == (status, False)
    assert stage.done == [status, status]
    assert not KeptAnswer.objects.exists()


def test_nor_is_a_mistake_of_ours():
    for _ in range(2):
        assert send_bench("/mistake").status_code == 500
    assert stage.done == ["mistake", "mistake"]


def test_nor_a_secret():
    assert [send_bench("/secret").content for _ in range(2)] == [b"1", b"2"]
    assert not KeptAnswer.objects.exists()


def test_headers_that_tell_of_the_answer_are_kept_with_it():
    again = [send_bench("/status/200") for _ in range(2)][1]
    kept = {name: again.headers.get(name) for name in ("ETag", "Location", "Content-Type", "X-Other")}
    assert kept == {"ETag": '"7"', "Location": "/x", "Content-Type": "text/x", "X-Other": None}
    assert not again.cookies


def test_of_an_answer_that_is_too_large_only_the_deed_is_remembered():
    most = idempotency.LARGEST
    for path, status in ((f"/large/{most}", 200), (f"/large/{most + 1}", 409), ("/stream", 409)):
        assert send_bench(path, key=path).status_code == 200
        assert send_bench(path, key=path).status_code == status
    assert stage.done == [most, most + 1, "stream"]
    assert send_bench("/stream", key="/stream").json()["code"] == "state_changed"


def test_the_same_file_is_the_same_whatever_its_boundary():
    def upload(words: bytes, boundary: str) -> Any:
        content = encode_multipart(boundary, {"file": SimpleUploadedFile("a.csv", words)})
        return send_bench("/files", content, media_type=f"multipart/form-data; boundary={boundary}")

    assert upload(b"words", "one").content == b"1"
    assert is_replay(upload(b"words", "two"))
    assert upload(b"other", "one").status_code == 422
    assert stage.done == [b"words"], "the operation got all of it"


def test_a_body_that_cannot_be_read_again_is_not_taken_for_another():
    request = RequestFactory().post("/", b"{}", content_type="application/json", headers={"Idempotency-Key": "k"})
    request.read()
    with pytest.raises(RawPostDataException):
        keyed.read(request, Caller("ada", frozenset()))


def test_the_question_mark_and_what_follows_belong_to_the_address():
    assert send_bench("/status/200").status_code == 200
    assert send_bench("/status/200?dry_run=1").status_code == 422


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(monkeypatch):
    def away(*_args: Any, **_more: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(claims, "keep", away)
    assert send_bench("/status/201").status_code == 201


def test_an_operation_that_cannot_wait_is_refused_when_the_api_is_made():
    other = NinjaAPI(urls_namespace="other", auth=lambda _request: "ada")

    @other.post("/x")
    async def quick(request: Any) -> None: ...

    with pytest.raises(TypeError, match="quick is async"):
        idempotency.install(other, caller=lambda request: Caller("ada", frozenset()))
