"""What stands before a page: 404 for what does not exist for this person, 403 for what they see and may not do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.http import Http404

from portal.accounts.permissions import NotAllowed, NotVisible


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except NotVisible:
        raise Http404 from None
    except NotAllowed:
        raise PermissionDenied from None
