"""Who calls an operation."""

from django.http import HttpRequest

from portal.accounts.permissions import Principal


class ApiRequest(HttpRequest):
    """A request that authentication has let through."""

    auth: Principal
