"""The state of the exchange: the bot builder's variables, a row each, and what the bot understood (3-api.md, "Session
data"). Values are compact JSON as text: what was written is what is read, to the byte."""

from django.db import models

from sessions_app.models.sessions import ChatSession
from sessions_app.models.users import ChatUser


class SessionData(models.Model):
    """How much a session's variables take, and what is kept of the bot's last answers.

    `bytes` is the sum over the variables of their name and value as compact JSON, with a colon and a comma each: one
    small variable can be written without reading the others. `understood` is what `internal.nlp` and the dialog states
    show, null before the first answer.
    """

    session = models.OneToOneField(ChatSession, models.CASCADE, primary_key=True, related_name="data")
    bytes = models.IntegerField(default=0)
    understood = models.JSONField(null=True)

    class Meta:
        db_table = "chat_session_data"
        constraints = [models.CheckConstraint(name="data_bytes_not_negative", condition=models.Q(bytes__gte=0))]

    def __str__(self) -> str:
        return f"{self.bytes} bytes"


class Variable(models.Model):
    """One variable of a session. `size` is what it adds to the session's bytes."""

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="variables", db_index=False)
    name = models.CharField(max_length=100)
    value = models.TextField()
    size = models.IntegerField()

    class Meta:
        db_table = "chat_variable"
        constraints = [models.UniqueConstraint(name="variable_named_once", fields=["session", "name"])]

    def __str__(self) -> str:
        return self.name


class Memory(models.Model):
    """The `memory` object of an identified user: it goes on into their next session with an agent of their realm."""

    user = models.OneToOneField(ChatUser, models.CASCADE, primary_key=True, related_name="memory")
    value = models.TextField()
    size = models.IntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "chat_memory"

    def __str__(self) -> str:
        return f"memory of {self.user_id}"
