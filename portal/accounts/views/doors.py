"""What stands before every page of this part: 404 for what is not there for this person, 403 for what they may not."""

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
