"""Agents: the bots whose sessions Portal runs."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.agents.core.platforms import TITLES, Platform

slug_shape = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z",
    _("A slug is 1 to 63 small letters, digits and hyphens, and begins and ends with a letter or digit."),
)


class PromptKind(models.TextChoices):
    INTENT = "intent", _("Intent prompt: an event is sent to the bot, and it answers")
    PRESET = "preset", _("Preset prompt: a fixed text, the bot is not asked")
    NONE = "none", _("No prompt")


class Status(models.TextChoices):
    ACTIVE = "active", _("Active")
    DISABLED = "disabled", _("Disabled")


class Identity(models.TextChoices):
    """Whether the site vouches for its user with a signed identity (3-api.md, "Who is calling")."""

    NONE = "none", _("Nobody is identified")
    OPTIONAL = "optional", _("Visitors and identified users")
    REQUIRED = "required", _("Identified users only")


class Agent(models.Model):
    """A bot: who runs it, the languages it speaks, and how it opens a chat (1-product.md, "Words")."""

    slug = models.CharField(_("slug"), max_length=63, unique=True, validators=[slug_shape])
    name = models.CharField(_("name"), max_length=100)
    platform = models.CharField(_("platform"), max_length=20, choices=[(p.value, t) for p, t in TITLES.items()])
    languages = ArrayField(models.CharField(max_length=35), verbose_name=_("languages"))
    default_language = models.CharField(_("default language"), max_length=35)
    prompt_kind = models.CharField(_("bot prompt"), max_length=8, choices=PromptKind.choices, default=PromptKind.INTENT)
    prompt_event = models.CharField(_("prompt event"), max_length=100, blank=True, default="WELCOME")
    prompt_text = models.TextField(_("prompt text"), max_length=2000, blank=True, default="")
    model = models.CharField(_("model"), max_length=100, blank=True, default="")
    allowed_origins = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    identity = models.CharField(_("identity"), max_length=8, choices=Identity.choices, default=Identity.NONE)
    # Slugs: they never change, and the lifecycle reads them with the agent. One whose agent is gone leads nowhere.
    transfer_targets = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    realm = models.CharField(_("realm"), max_length=100)
    remember = models.BooleanField(_("memory"), default=True)
    sensitive_variables = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE)
    script = models.TextField(_("script"), blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # The last of the fields: from here on the class has a `models` of its own.
    models = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(name="agent_platform_known", condition=models.Q(platform__in=list(Platform))),
            models.CheckConstraint(name="agent_prompt_known", condition=models.Q(prompt_kind__in=PromptKind.values)),
            models.CheckConstraint(name="agent_identity_known", condition=models.Q(identity__in=Identity.values)),
            models.CheckConstraint(name="agent_status_known", condition=models.Q(status__in=Status.values)),
            models.CheckConstraint(
                name="agent_speaks_its_default",
                condition=models.Q(languages__contains=[models.F("default_language")]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IdentitySecret(models.Model):
    """What a site signs with when it vouches for its users to an agent. It has to be read again to check a signature,
    so it is encrypted (`portal/lib/sealing.py`), not hashed. A table of its own: nobody who reads agents reads it."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    sealed = models.TextField(editable=False)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField(null=True)  # of one that has been replaced

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_identity_secret_per_agent", fields=["agent"], condition=models.Q(ends_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"identity secret of {self.agent}"
