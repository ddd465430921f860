"""Example: GitHub's header, verified with the standard library of Python."""

import hashlib
import hmac

from countersign_driver import serve


def verify(request):
    given = request.header("X-Hub-Signature-256", "").encode("latin-1")
    tag = hmac.new(request.key_bytes, request.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given, f"sha256={tag}".encode())


if __name__ == "__main__":
    serve("example", verify, ["github"], capabilities=["clock"])
