"""Threads and their sessions. Rows are written by the one write path only (`sessions_app.actions.apply`)."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from portal.lib.ids import uuid7
from sessions_app.core.facts import EndReason, State
from sessions_app.models.policies import PolicyVersion
from sessions_app.models.users import ChatUser


class Thread(models.Model):
    """One user's chat history, append-only. It outlives its sessions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(ChatUser, models.CASCADE, related_name="threads")
    agent = models.ForeignKey("agents.Agent", models.PROTECT, related_name="+")
    last_seq = models.IntegerField(default=0)
    cleared_seq = models.IntegerField(default=0)
    ends_with_prompt = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "chat_thread"

    def __str__(self) -> str:
        return str(self.id)


class ChatSession(models.Model):
    """The lifecycle row. The columns are the facts of 2-lifecycle.md; `idle_at` and `ends_at` are its deadlines,
    stored so that a list can tell the state of every session at this instant without a sweep."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="sessions", db_index=False)
    agent = models.ForeignKey("agents.Agent", models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(ChatUser, models.CASCADE, related_name="sessions")
    version = models.CharField(max_length=5, choices=[("LIVE", "LIVE"), ("DRAFT", "DRAFT")])
    channel = models.CharField(max_length=40)
    language = models.CharField(max_length=35)
    locale = models.CharField(max_length=35)
    policy = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+")
    policy_effective_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=[(state.value, state.value) for state in State])
    started_at = models.DateTimeField()
    inactive_since = models.DateTimeField()
    last_interaction_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(db_default=Now())
    paused_at = models.DateTimeField(null=True)
    paused_for = models.DurationField(default=timedelta)
    busy_until = models.DateTimeField(null=True)
    unanswered = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    idled = models.BooleanField(default=False)
    user_turns = models.IntegerField(default=0)
    interactions = models.IntegerField(default=0)
    conversations = models.IntegerField(default=0)
    messages = models.IntegerField(default=0)
    model_override = models.CharField(max_length=100, null=True)
    live_chat_by = models.CharField(max_length=40, null=True)
    live_chat_since = models.DateTimeField(null=True)
    transferred_from = models.UUIDField(null=True)
    transferred_to = models.UUIDField(null=True)
    pending_to = models.ForeignKey("agents.Agent", models.PROTECT, null=True, related_name="+", db_index=False)
    pending_until = models.DateTimeField(null=True)
    idle_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=16, null=True)
    silent = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True)
    data_erased_at = models.DateTimeField(null=True)
    transcript_erased_at = models.DateTimeField(null=True)
    row_version = models.IntegerField(default=1)

    class Meta:
        db_table = "chat_session"
        constraints = [
            models.UniqueConstraint(
                name="one_open_session_per_thread", fields=["thread"], condition=~Q(state=State.ENDED.value)
            ),
            models.CheckConstraint(name="session_state_known", condition=Q(state__in=list(State))),
            models.CheckConstraint(
                name="session_end_reason_known",
                condition=Q(end_reason__isnull=True) | Q(end_reason__in=list(EndReason)),
            ),
            models.CheckConstraint(
                name="ended_sessions_know_when_and_why",
                condition=Q(state=State.ENDED.value, ended_at__isnull=False, end_reason__isnull=False)
                | (~Q(state=State.ENDED.value) & Q(ended_at=None, end_reason=None)),
            ),
            models.CheckConstraint(
                name="paused_sessions_know_since_when",
                condition=Q(state=State.PAUSED.value, paused_at__isnull=False)
                | (~Q(state=State.PAUSED.value) & Q(paused_at=None)),
            ),
            models.CheckConstraint(
                name="only_transferred_sessions_wait_for_a_pick_up",
                condition=Q(pending_to=None, pending_until=None)
                | Q(pending_to__isnull=False, pending_until__isnull=False, end_reason=EndReason.TRANSFERRED.value),
            ),
            models.CheckConstraint(
                name="a_live_chat_has_somebody_since_when",
                condition=Q(live_chat_by=None, live_chat_since=None)
                | Q(live_chat_by__isnull=False, live_chat_since__isnull=False),
            ),
            models.CheckConstraint(
                name="counts_are_consistent",
                condition=Q(user_turns__lte=F("interactions"), conversations__lte=F("user_turns"), held__gte=0),
            ),
        ]
        indexes = [
            # Read by: the sweep alone (`queries.due`). Early is allowed, late is not, so messages do not touch it.
            models.Index(name="session_open_due", fields=["due_at"], condition=~Q(state=State.ENDED.value)),
            # Read by: the sweep, for what has ended. However much of it is due, who is chatting does not stand behind.
            models.Index(
                name="session_ended_due",
                fields=["due_at"],
                condition=Q(state=State.ENDED.value, due_at__isnull=False),
            ),
            # Read by: the write path, for the limit of open sessions per user.
            models.Index(name="session_open_of_user", fields=["user", "agent"], condition=~Q(state="ended")),
            # Read by: the same, for the places that transfers reserve, and the Sessions tab of the agent they go to.
            models.Index(
                name="session_pending_to", fields=["pending_to", "user"], condition=Q(pending_to__isnull=False)
            ),
            # Read by: the Sessions tab and the API's list, newest first.
            models.Index(name="session_newest", fields=["agent", "-started_at", "-id"]),
            # Read by: the same lists over all agents.
            models.Index(name="session_newest_of_all", fields=["-started_at", "-id"]),
            # Read by: the write path, for the latest session of a thread.
            models.Index(name="session_of_thread", fields=["thread", "-started_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)
