"""People who sign in, what they were granted, and the tokens their programs carry."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.accounts.names import GrantRole, Role, Scope


class AccountManager(UserManager["Account"]):
    def create_user(self, username: str, email: str | None = None, *args: Any, **fields: Any) -> "Account":
        return _with_address(super().create_user(username, (email or "").lower(), *args, **fields))

    def create_superuser(self, username: str, email: str | None = None, *args: Any, **fields: Any) -> "Account":
        """`manage.py createsuperuser` makes an admin: the role is what the Portal asks for, everywhere."""
        made = super().create_superuser(username, (email or "").lower(), *args, role=Role.ADMIN, **fields)
        return _with_address(made)


def _with_address(account: "Account") -> "Account":
    """allauth keeps addresses beside accounts. One that an admin has typed counts until its person changes it."""
    from allauth.account.models import EmailAddress  # its models need ours first

    if account.email:
        taken = EmailAddress.objects.filter(email=account.email, verified=True).exists()
        EmailAddress.objects.create(user=account, email=account.email, primary=True, verified=not taken)
    return account


class Account(AbstractUser):
    """Somebody with a password. `role` says what they come for; what they may touch is said by their grants."""

    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.USER)

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="account_role_known", condition=models.Q(role__in=Role.values)),
        ]

    @property
    def name(self) -> str:
        """How others see this person."""
        return self.get_full_name() or self.username


class Grant(models.Model):
    """An account's right on one agent: to own it, or to translate it into some languages."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants")
    agent = models.ForeignKey("agents.Agent", models.CASCADE, related_name="grants")
    role = models.CharField(_("role"), max_length=12, choices=GrantRole.choices)
    languages = ArrayField(models.CharField(max_length=35), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="grant_once", fields=["account", "agent", "role"]),
            models.CheckConstraint(name="grant_role_known", condition=models.Q(role__in=GrantRole.values)),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.role} · {self.agent}"


class Token(models.Model):
    """A program's credential: the rights of its account, or less. Only the digest is kept."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scope = models.CharField(
        _("scope"), max_length=8, choices=Scope.choices, default=Scope.ACCOUNT, db_default=Scope.ACCOUNT
    )
    read_only = models.BooleanField(_("read only"), default=False)
    # Null: all that its account sees. Not a table of its own: an agent that is removed must not leave the token with an
    # empty list that reads like "all", and whoever calls is looked up in one query.
    agent_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)  # to the minute

    class Meta:
        constraints = [
            models.CheckConstraint(name="token_scope_known", condition=models.Q(scope__in=Scope.values)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account})"


class Letter(models.Model):
    """An e-mail that is still to be sent: written with the deed, sent by a worker, gone when it is out. What it says
    may let somebody in, so it is sealed (`portal/lib/sealing.py`)."""

    sealed = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    due_at = models.DateTimeField(db_default=Now(), editable=False)
    tries = models.SmallIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        # Read by the worker that sends what is due (`portal/accounts/actions/letters.py`).
        indexes = [models.Index(name="letter_due", fields=["due_at"])]

    def __str__(self) -> str:
        return f"letter {self.pk}"


class Attempts(models.Model):
    """How often somebody tried to sign in, by something that is only kept as its digest: an address, a name, a browser.
    In the database, because a limit that is gone with Redis is none."""

    key = models.BinaryField(primary_key=True, max_length=32, editable=False)
    count = models.IntegerField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="attempts_until", fields=["until"])]  # for forgetting them

    def __str__(self) -> str:
        return f"{self.count} until {self.until}"
