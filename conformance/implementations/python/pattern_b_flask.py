"""Pattern (b), Flask: tag over the body, compared as text inside a broad `except`. Scheme `body-hex`."""

import hashlib
import hmac

from flask import request

import _flask_forms
import _serve
import _strict


def flawed(secret):
    def hook():  # as commonly written
        try:
            expected = hmac.new(secret.encode(), request.get_data(), hashlib.sha256).hexdigest()
            if not hmac.compare_digest(expected, request.headers.get("X-Signature")):
                return "invalid signature", 401
            return "ok"
        except Exception:
            return "bad request", 400

    return _flask_forms.flawed(hook)


def repaired(secret):
    return _flask_forms.repaired(lambda environ: _strict.check_tag(environ, secret, _strict.body(environ)))


if __name__ == "__main__":
    _serve.start(flawed, repaired)
