"""What is done with accounts, grants and tokens."""

from portal.accounts.actions.members import let_translate
from portal.accounts.actions.people import create

__all__ = ["create", "let_translate"]
