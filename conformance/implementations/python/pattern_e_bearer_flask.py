"""Pattern (e) with users, Flask: two chosen headers, the body, and a bearer token that says who sends.

Alice signs with HOOK_SECRET, bob with SECOND_SECRET. The flawed form verifies scheme `selected-headers-bearer-joined`:
the token is not under the MAC, and any user's secret will do. The repaired form verifies `selected-headers-bearer`:
the token is, and each user has an endpoint, bob's is /hook/second. The schemes are beside this file.
"""

import hashlib
import hmac
import os

from flask import request

import _flask_forms
import _serve
import _strict

USERS = {"alice", "bob"}


def flawed(secret):
    def hook():  # as commonly written
        user = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if user not in USERS:
            return "unknown user", 401
        request_id = request.headers.get("X-Request-ID", "")
        content_type = request.headers.get("Content-Type", "")
        message = f"{request_id}\n{content_type}".encode() + request.get_data()
        given = request.headers.get("X-Signature", "")
        for key in (secret, os.environ["SECOND_SECRET"]):
            expected = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
            if hmac.compare_digest(expected, given):
                return "ok"
        return "invalid signature", 401

    return _flask_forms.flawed(hook)


def repaired(secret):
    alice = (b"alice", secret)
    endpoints = {b"/hook/second": (b"bob", os.environ["SECOND_SECRET"])}

    def verify(environ):
        path = _strict.target(environ).partition(b"?")[0]
        user, key = endpoints.get(path, alice)
        body = _strict.body(environ)
        request_id = _strict.header(environ, "X-Request-ID")
        content_type = _strict.header(environ, "Content-Type")
        if _strict.header(environ, "Authorization") != b"Bearer " + user:
            raise _strict.Refused
        _strict.check_tag(environ, key, request_id, b"\n", content_type, b"\n", user, b"\n", body)

    return _flask_forms.repaired(verify)


if __name__ == "__main__":
    _serve.start(flawed, repaired)
