"""What every kind of test shares. The servers are started earlier, by `tools/pytest_servers.py`."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from pytest_django import DjangoDbBlocker

# On a busy machine everything is slow, and nothing is wrong with it.
hypothesis.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("portal")
# The quick ones first. The browser's last: Playwright leaves its event loop running, where no other test could run one.
ORDER = ("unit", "architecture", "integration", "faults", "browser")
PATIENCE_SECONDS = 15
TRIES = 5


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, kind in enumerate(ORDER) if kind in item.path.parts), 0)


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """No password of a test needs to be hard to guess, and each hash would cost a tenth of a second."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


# ── a real web process: the ASGI application served by uvicorn, on the test database
@pytest.fixture(scope="session")
def _web(django_db_setup: None) -> Iterator[str]:
    address = f"http://127.0.0.1:{settings.PORT}"
    server = uvicorn.Server(
        uvicorn.Config(
            "portal.asgi:application",
            port=settings.PORT,
            lifespan="off",
            log_level="warning",
            ws_max_size=65536,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait_until_started(server)
    yield address
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Between tests all tables are emptied, in this database alone those of the audit log as well."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in ("audit_entry", "audit_words", "audit_link", "audit_head"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_not_emptied")


@pytest.fixture(autouse=True, scope="session")
def _emptied_beside_the_web_process() -> Iterator[None]:
    """Between tests, what is in a table is deleted: Django's way makes the files of all tables anew, which took as long
    as many a test. A page that is still writing is waited for, and it is tried again where two wait for each other."""

    def empty(_case: TransactionTestCase) -> None:
        for _ in range(TRIES - 1):
            with contextlib.suppress(OperationalError):
                return _empty_all_tables()
        return _empty_all_tables()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


def _empty_all_tables() -> None:
    tables = [f'"{name}"' for name in connection.introspection.django_table_names(only_existing=True)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
        # The orders of the tables (nothing is taken out of the audit log) are for others than this connection.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables))
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")


@pytest.fixture
def site(transactional_db: None, _web: str) -> str:
    """The address of the running Portal; what a test writes to the database, its pages show."""
    return _web


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.started:
        assert time.monotonic() < deadline, "The web process of the tests did not start."
        time.sleep(0.02)
