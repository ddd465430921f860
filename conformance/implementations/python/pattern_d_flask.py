"""Pattern (d), Flask: method, path, timestamp and body, one line each. Scheme `canonical-request`."""

import hashlib
import hmac
import time

from flask import request

import _flask_forms
import _serve
import _strict


def flawed(secret):
    def hook():  # as commonly written
        timestamp = request.headers.get("X-Timestamp")
        if abs(time.time() - int(timestamp)) > 300:
            return "timestamp outside the window", 401
        message = f"{request.method}\n{request.path}\n{timestamp}\n{request.get_data(as_text=True)}"
        expected = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
            return "invalid signature", 401
        return "ok"

    return _flask_forms.flawed(hook)


def repaired(secret):
    return _flask_forms.repaired(lambda environ: _strict.canonical_request(environ, secret))


if __name__ == "__main__":
    _serve.start(flawed, repaired)
