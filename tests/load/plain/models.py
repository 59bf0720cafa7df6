from django.db import models


class Conversation(models.Model):
    user = models.CharField(max_length=200)
    started_at = models.DateTimeField(auto_now_add=True)
    last_message_at = models.DateTimeField(null=True)
    messages = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.user


class Message(models.Model):
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    seq = models.IntegerField()
    client_id = models.CharField(max_length=64)
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text
