"""Package mohawk: mohawk.Receiver in a Flask application, with a callback that remembers nonces."""

import threading

from package_server import serve

import mohawk
import mohawk.util
from flask import Flask, request

KEY_ID = "primary"


def application(secret):
    app = Flask(__name__)
    seen = set()
    lock = threading.Lock()

    def credentials(key_id):
        if key_id != KEY_ID:
            raise LookupError(key_id)
        return {"id": key_id, "key": secret, "algorithm": "sha256"}

    def seen_nonce(*nonce):
        with lock:
            known = nonce in seen
            seen.add(nonce)
        return known

    @app.route("/hook", methods=["POST"])
    def hook():
        try:
            mohawk.Receiver(
                credentials,
                request.headers.get("Authorization"),
                # The target as it came: Flask's `request.url` is written anew from what was decoded.
                f"{request.scheme}://{request.host}{request.environ['RAW_URI']}",
                request.method,
                content=request.get_data(),
                content_type=request.headers.get("Content-Type", ""),
                seen_nonce=seen_nonce,
            )
        except mohawk.exc.HawkFail:
            return "unauthorized", 401
        return "ok"

    return app


if __name__ == "__main__":
    serve("mohawk", application, ["hawk"], clocks=[mohawk.util])
