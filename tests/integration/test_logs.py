"""What a request leaves in the logs."""

import logging

import pytest

from tests import cast

REQUESTS = "django.request"


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status"), [("/admin/", 403), ("/nowhere/", 404)])
def test_an_answer_that_says_no_is_one_line_without_a_trace(client, caplog, path, status):
    client.force_login(cast.account("olga"))
    with caplog.at_level(logging.WARNING, logger=REQUESTS):
        assert client.get(path).status_code == status
    (record,) = (record for record in caplog.records if record.name == REQUESTS)
    assert path in record.getMessage()
    assert record.exc_info is None


def test_a_failure_keeps_its_trace(caplog):
    try:
        raise RuntimeError
    except RuntimeError:
        logging.getLogger(REQUESTS).exception("Internal Server Error", extra={"status_code": 500})
    assert caplog.records[-1].exc_info
