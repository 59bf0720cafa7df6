"""The end users of chats, and the tokens their browsers carry."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from portal.lib.ids import uuid7


class ChatUser(models.Model):
    """A person who chats: a visitor, identified by the site, or a Portal account. Ids belong to a realm: the same one
    elsewhere is another person (1-product.md, "Words")."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    realm = models.CharField(max_length=100)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True)
    # Whose `external_id` begins with `portal:` has one, until it is removed.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    identified = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)  # one of the demo's visitors
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "chat_user"
        constraints = [
            models.UniqueConstraint(name="chat_user_once_per_realm", fields=["realm", "external_id"]),
            # Read by: "My sessions", for the users an account is, one in each realm.
            models.UniqueConstraint(
                name="account_once_per_realm", fields=["account", "realm"], condition=Q(account__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class VisitorToken(models.Model):
    """What a browser shows to be that user: 30 days sliding, revocable, stored as a digest."""

    digest = models.BinaryField(primary_key=True, max_length=32, editable=False)
    user = models.ForeignKey(ChatUser, models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    # Under which somebody is signed in to the Portal: the token counts no longer than that.
    session_key = models.CharField(max_length=40, null=True, editable=False)

    class Meta:
        db_table = "chat_visitor_token"

    def __str__(self) -> str:
        return f"token of {self.user}"
