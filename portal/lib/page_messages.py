"""What a page says once, after a deed."""

from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest


class PageMessagesMiddleware(MessageMiddleware):
    """Django's, for pages: a program that calls the API is told in the answer. It came to a twelfth of a message."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path_info.startswith("/api/"):
            super().process_request(request)
