"""The admin sites: one for the people who run agents, one with the records behind it."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from portal.accounts.queries import second_factor
from portal.admin import doors, people

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def _signed_in(view: View) -> View:
    """Sign-in first, and never cached."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs) if people.signed_in(request) else doors.to_sign_in(request)

    return cast(View, never_cache(guarded))


def _second_factor_first(request: HttpRequest) -> HttpResponseBase | None:
    """Where one has to have a second factor and has none: to where one sets it up."""
    account = people.signed_in(request)
    if account is None or not second_factor.is_missing(account, request.session):
        return None
    return doors.lead(request, reverse("mfa_index"))


class PortalAdminSite(AdminSite):
    """The pages for everybody who runs agents or translates for them. What a person may do on a page is asked there,
    at the deed (`portal.accounts.permissions`)."""

    site_header = site_title = index_title = _("Portal")
    enable_nav_sidebar = False
    entering = people.STAFF

    def has_permission(self, request: HttpRequest) -> bool:
        account = people.signed_in(request)
        return account is not None and account.role in self.entering

    def page(self, view: View) -> View:
        """A page of this site: never cached; sign-in first; 403 for an account that may not enter."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                if request.user.is_authenticated:
                    raise PermissionDenied
                return doors.to_sign_in(request)
            return _second_factor_first(request) or view(request, *args, **kwargs)

        return cast(View, never_cache(guarded))

    def pages(self, patterns: Iterable[URLPattern]) -> list[URLPattern]:
        """The patterns of one part with each view made a `page`: parts do not know the site, the wiring guards them."""
        return [URLPattern(p.pattern, self.page(p.callback), p.default_args, p.name) for p in patterns]

    def own_pages(self, patterns: Iterable[URLPattern]) -> list[URLPattern]:
        """The same of pages that everybody has who has an account, whatever they do with agents."""
        return [URLPattern(p.pattern, self._own_page(p.callback), p.default_args, p.name) for p in patterns]

    def account_pages(self, patterns: Iterable[URLPattern]) -> list[URLPattern]:
        """The same of pages on which one sets up a second factor, where that has to be."""
        return [URLPattern(p.pattern, _signed_in(p.callback), p.default_args, p.name) for p in patterns]

    def _own_page(self, view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return _second_factor_first(request) or view(request, *args, **kwargs)

        return _signed_in(cast(View, guarded))

    @property
    def doors(self) -> list[URLPattern]:
        """The addresses that are open to those who are not signed in yet."""
        return doors.addresses()

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        # The stock guard sends a signed-in person without the right to sign in again, and again.
        return self.page(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return cast(HttpResponse, doors.SignIn.as_view(extra_context=extra_context)(request))


class BackOffice(PortalAdminSite):
    """The stock Django admin at `/admin/`: back-office records, for admins only. Django's default site is one."""

    index_title = _("Back office")
    entering = people.ADMINS

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Without the way from a record to its page: no record has one, and Django fails where the number is none."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) != "view_on_site"]


site = PortalAdminSite(name="portal")
