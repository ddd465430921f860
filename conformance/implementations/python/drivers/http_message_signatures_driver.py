"""Package http-message-signatures: HTTPMessageVerifier.verify, told which components must be covered."""

import base64
import datetime
from types import SimpleNamespace

from countersign_driver import serve

from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver, algorithms

WINDOW = datetime.timedelta(seconds=300)


def verify(request):
    headers = request.mapping()
    # A header has to be covered if it is there.
    components = request.constants["components"].split()
    required = [name for name in components if name.startswith("@") or name in headers]
    keys = MappingKeyResolver(private_keys={}, public_keys={request.key_id: base64.b64decode(request.key)})
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=keys)
    message = SimpleNamespace(method=request.method, url=request.url, headers=headers)
    verifier.verify(message, max_age=WINDOW, require_components=required, body=request.body)
    return True


if __name__ == "__main__":
    serve(
        "http-message-signatures",
        verify,
        ["rfc9421-hmac-sha256"],
        rejects=[InvalidSignature],
        capabilities=["clock"],
    )
