"""Ids that sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """A new UUID version 7 (RFC 9562). Its time prefix keeps B-trees dense; nothing is decided by it."""
    return _uuid7()
