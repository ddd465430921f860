"""Package byteforge-hmac: byteforge_hmac.HMACAuthenticator.authenticate, with the values from headers of their own."""

import functools

from countersign_driver import serve

from byteforge_hmac import AuthRequest, DictSecretProvider, HMACAuthenticator


@functools.cache  # it remembers nonces
def authenticator(key_id, key):
    return HMACAuthenticator(DictSecretProvider({key_id: key}))


def verify(request):
    sent = AuthRequest(
        client_id=request.key_id,
        timestamp=request.required("X-Timestamp"),
        nonce=request.required("X-Nonce"),
        signature=request.required("X-Signature"),
    )
    # The package wants text; its example for Flask takes `get_data(as_text=True)`, which replaces what is not UTF-8.
    body = request.text("replace")
    return authenticator(request.key_id, request.key).authenticate(sent, request.method, request.target, body)


if __name__ == "__main__":
    serve("byteforge-hmac", verify, ["canonical-request-nonce"], capabilities=["clock", "replay"])
