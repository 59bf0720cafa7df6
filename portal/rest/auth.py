"""Who is calling: a token in the `Authorization` header, or the Portal cookie of a browser (3-api.md)."""

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from portal.lib import origin
from portal.rest.problems import Problem, unauthenticated

SAFE = ("GET", "HEAD", "OPTIONS")
log = structlog.get_logger(__name__)


def not_known(what: str, detail: str) -> Problem:
    """The refusal of a credential that does not count. The log says from where it came, and nothing of it."""
    log.info("credential refused", what=what, address=origin.current().address)
    return unauthenticated(detail)


class Bearer(AuthBase):
    """`Authorization: Bearer …`. Each of `kinds` finds the principal of a token, or None if it is not its own. A token
    that nobody knows is refused, whatever cookie comes with it."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = (
        "A Portal token `pat_…` (made at `/tokens/`, or by `manage.py create_token <username>`) or a visitor token "
        "`vis_…`."
    )

    def __init__(self, *kinds: Callable[[str], Any | None]) -> None:
        self.kinds = kinds
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() == "bearer":
            for principal_of in self.kinds:
                if (principal := principal_of(secret.strip())) is not None:
                    return principal
        raise not_known("token", "This token is not known here: it is wrong, has expired or was revoked.")


class Cookie(AuthBase):
    """The cookie of somebody signed in to the pages. What changes something needs the CSRF token as well."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "portal_session"
    openapi_description = "Signed in to the Portal; anything but reading also needs the header `X-CSRFToken`."

    def __init__(self, signed_in: Callable[[HttpRequest], Any | None]) -> None:
        self.signed_in = signed_in
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any | None:
        principal = self.signed_in(request)
        if principal is not None and request.method not in SAFE and check_csrf(request):
            raise Problem("forbidden", "The CSRF token is missing or wrong. Reload the page.")
        return principal
