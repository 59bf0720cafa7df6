"""All addresses of the Portal (1-product.md, "Pages")."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

import localization.urls
import portal.accounts.urls
import portal.api
import portal.health
import portal.metrics
import sessions_app.urls
from portal.admin import site

urlpatterns: list[URLPattern | URLResolver] = [
    *portal.api.urls,  # first: what is asked most is found soonest
    *site.doors,
    *site.pages(sessions_app.urls.pages),
    *site.pages(localization.urls.urlpatterns),
    *site.pages(portal.accounts.urls.pages),
    *site.own_pages(portal.accounts.urls.own),
    *site.own_pages(sessions_app.urls.own),
    *site.account_pages(portal.accounts.urls.account_pages),
    *portal.accounts.urls.public,
    *sessions_app.urls.public,
    *portal.health.urls,
    *portal.metrics.urls,
    path("admin/", admin.site.urls),
]
handler403 = "portal.admin.forbidden"
handler404 = "portal.admin.not_found"
handler429 = "portal.admin.too_many"  # allauth's
