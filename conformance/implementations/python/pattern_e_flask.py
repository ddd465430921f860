"""Pattern (e), Flask: two chosen headers and the body.

The flawed form verifies scheme `selected-headers-joined` (see the YAML file beside this one),
the repaired form scheme `selected-headers`.
"""

import hashlib
import hmac

from flask import request

import _flask_forms
import _serve
import _strict


def flawed(secret):
    def hook():  # as commonly written
        request_id = request.headers.get("X-Request-ID", "")
        content_type = request.headers.get("Content-Type", "")
        message = f"{request_id}\n{content_type}".encode() + request.get_data()
        expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
            return "invalid signature", 401
        return "ok"

    return _flask_forms.flawed(hook)


def repaired(secret):
    def verify(environ):
        body = _strict.body(environ)
        request_id = _strict.header(environ, "X-Request-ID")
        content_type = _strict.header(environ, "Content-Type")
        _strict.check_tag(environ, secret, request_id, b"\n", content_type, b"\n", body)

    return _flask_forms.repaired(verify)


if __name__ == "__main__":
    _serve.start(flawed, repaired)
