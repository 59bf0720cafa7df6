"""Deeds for which one shows once more that it is oneself: people, tokens, erasure (5-promises.md, "Security")."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required

from portal.accounts.permissions import Principal

View = TypeVar("View", bound=Callable[..., Any])
APP = "portal.accounts"
SAFE = ("GET", "HEAD", "OPTIONS")


class NotRecent(Exception):
    """Whoever is at this browser has not shown for a while that they are who signed in."""


def confirmed(view: View) -> View:
    """What is sent to this page waits until it is sure who sends it; then it is done, with all that was typed."""
    return reauthentication_required(app=APP, allow_get=True)(view)  # type: ignore[no-any-return]


def present(operation: View) -> View:
    """The same of an operation of the API that changes something; it raises NotRecent. A token is no browser that
    somebody has left open."""

    @wraps(operation)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
        if (
            request.method not in SAFE
            and _is_a_browser(request.auth)
            and is_reauthentication_required(request, app=APP)
        ):
            raise NotRecent
        return operation(request, *args, **kwargs)

    return cast(View, guarded)


def _is_a_browser(principal: Principal) -> bool:
    return principal.kind == "account" and principal.token_id is None
