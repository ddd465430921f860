"""Pattern (c), Django: method, path and body joined without a delimiter.

The flawed form verifies scheme `concatenated`, the repaired form scheme `canonical-request`.
"""

import hashlib
import hmac

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path

import _serve
import _strict

urlpatterns = []


def flawed(secret):
    def hook(request):  # as commonly written
        message = request.method.encode() + request.path.encode() + request.body
        expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
            return HttpResponse("invalid signature", status=401)
        return HttpResponse("ok")

    return application(hook)


def repaired(secret):
    def hook(request):
        try:
            _strict.canonical_request(request.environ, secret)
        except _strict.Refused:
            return HttpResponse("unauthorized", status=401)
        return HttpResponse("ok")

    return application(hook, DATA_UPLOAD_MAX_MEMORY_SIZE=_strict.BODY_LIMIT)


def application(hook, **more):
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost", "[::1]", "countersign.test"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ROOT_URLCONF=__name__,
        **more,
    )
    urlpatterns.append(re_path("", hook))
    return get_wsgi_application()


if __name__ == "__main__":
    _serve.start(flawed, repaired)
