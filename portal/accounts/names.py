"""Words of this part, as data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person comes to the Portal for (1-product.md, "Who uses it")."""

    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Agent owner")
    TRANSLATOR = "translator", _("Translator")
    USER = "user", _("End user")


STAFF = frozenset({Role.ADMIN, Role.OWNER, Role.TRANSLATOR})  # who enters the pages


class GrantRole(models.TextChoices):
    OWNER = "owner", _("Owner")
    TRANSLATOR = "translator", _("Translator")


class Scope(models.TextChoices):
    """What a token is for (3-api.md, "Who is calling")."""

    ACCOUNT = "account", _("Whatever I may do")
    BACKEND = "backend", _("The back end of a bot")
