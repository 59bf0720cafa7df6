"""Static files from the web process itself."""

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise streams with a blocking iterator; Django under ASGI then reads all of it in a thread, and warns for
    every file. Ours are small: they go out in one piece."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        response = HttpResponse(status=int(answer.status))
        del response["Content-Type"]  # of the file, or none: "not modified" has no content
        if answer.file is not None:
            with answer.file as file:
                response.content = file.read()
        for name, value in answer.headers:
            response[name] = value
        return response
