import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from tests.load.plain.models import Conversation, Message


@csrf_exempt
async def say(request: HttpRequest, conversation: int) -> JsonResponse:
    said = json.loads(request.body)
    found = await Conversation.objects.aget(pk=conversation)
    found.last_message_at = timezone.now()
    found.messages += 1
    await found.asave()
    message = await Message.objects.acreate(
        conversation=found, seq=found.messages, client_id=said["client_id"], text=said["text"]
    )
    return JsonResponse({"id": message.pk, "seq": message.seq, "at": message.at})


async def alive(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("conversations/<int:conversation>/messages", say), path("healthz", alive)]
