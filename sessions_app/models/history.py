"""The transcript and the timeline. Both are append-only."""

from django.db import models
from django.db.models import Q

from portal.lib.ids import uuid7
from sessions_app.core.commands import Kind, Sender
from sessions_app.models.sessions import ChatSession, Thread


class Message(models.Model):
    """A line of the transcript; `seq` is gapless per thread, given under the thread's lock."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="lines", db_index=False)
    seq = models.IntegerField()
    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    sender = models.CharField(max_length=6, choices=[(sender.value, sender.value) for sender in Sender])
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in Kind])
    text = models.TextField()
    event = models.CharField(max_length=100, default="")
    payload = models.JSONField(null=True)
    language = models.CharField(max_length=35)
    client_id = models.CharField(max_length=64, null=True)
    held = models.BooleanField(default=False)
    after_end = models.BooleanField(default=False)
    interaction = models.BooleanField(default=False)
    answers = models.UUIDField(null=True)  # of a bot's message: the one it answers
    received_at = models.DateTimeField(null=True)  # of an imported message, whose `at` is what the import says

    class Meta:
        db_table = "chat_message"
        constraints = [
            models.UniqueConstraint(name="message_seq_once_per_thread", fields=["thread", "seq"]),
            models.UniqueConstraint(
                name="client_id_once_per_thread", fields=["thread", "client_id"], condition=Q(client_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.seq}"


class Turn(models.Model):
    """A message that waits for the bot's answer: a committed row before the bot is asked, gone when it is answered."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="+")
    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="turns")
    seq = models.IntegerField()
    asked_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)

    class Meta:
        db_table = "chat_turn"

    def __str__(self) -> str:
        return f"turn {self.seq}"


class Event(models.Model):
    """A line of the timeline. Within a session the order of the ids is the order of the events: they are written
    under the session's lock. `seq` is its place in the transcript."""

    session = models.ForeignKey(ChatSession, models.CASCADE, related_name="events")
    seq = models.IntegerField()
    at = models.DateTimeField()
    type = models.CharField(max_length=40)
    actor = models.CharField(max_length=40)
    cause = models.CharField(max_length=40, blank=True, default="")
    policy_version = models.IntegerField()
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "chat_event"

    def __str__(self) -> str:
        return f"{self.type} at {self.at}"
