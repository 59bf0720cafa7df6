"""Whether the database is away, rather than that something cannot be done there."""

from django.db import InterfaceError, OperationalError

# SQLSTATE classes that are about the server, not about a row: its connections, its resources, its orders, its disk.
_OF_THE_SERVER = ("08", "53", "57P", "58")
_TOOK_TOO_LONG = "57014"


def is_of_the_database(error: BaseException) -> bool:
    """Whether `error` would come of anything that is asked of the database now."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = _sqlstate(error)
    return state is None or state.startswith(_OF_THE_SERVER)


def would_come_again(error: BaseException) -> bool:
    """Whether several that have failed together need not be tried one by one: each would wait as long, in vain."""
    return is_of_the_database(error) or _sqlstate(error) == _TOOK_TOO_LONG


def _sqlstate(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
