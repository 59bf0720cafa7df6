"""The Portal admin site: who may open its pages, how one signs in and out, and the frame every page stands in.

Django finds the site, the context processor and the error pages here, by these names.
"""

from portal.admin.errors import forbidden, not_found, too_many
from portal.admin.navigation import frame
from portal.admin.sites import BackOffice, PortalAdminSite, site

__all__ = ["BackOffice", "PortalAdminSite", "forbidden", "frame", "not_found", "site", "too_many"]
