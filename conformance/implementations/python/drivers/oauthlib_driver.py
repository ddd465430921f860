"""Package oauthlib: oauthlib.oauth1.SignatureOnlyEndpoint.validate_request, without a memory of nonces."""

from urllib.parse import unquote

from countersign_driver import Unsupported, serve

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, RequestValidator, SignatureOnlyEndpoint


class Validator(RequestValidator):
    """One client, of whom the secrets are known. The scheme sets no limits to ids and nonces."""

    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    client_key_length = nonce_length = (1, 1000)
    safe_characters = frozenset(map(chr, range(0x20, 0x7F)))
    timestamp_lifetime = 300
    dummy_client = "dummy"

    def __init__(self, key_id, key):
        super().__init__()
        self.key_id = key_id
        if "&" not in key:
            raise Unsupported("the package joins two secrets with an ampersand itself, and this one has none")
        self.client_secret, self.token_secret = map(unquote, key.split("&", 1))

    def validate_client_key(self, client_key, request):
        return client_key == self.key_id

    def validate_timestamp_and_nonce(self, *asked, **more):
        return True

    def get_client_secret(self, client_key, request):
        return self.client_secret

    def get_access_token_secret(self, client_key, token, request):
        return self.token_secret


def verify(request):
    endpoint = SignatureOnlyEndpoint(Validator(request.key_id, request.key))
    # The package wants text: UTF-8, as its example for Flask, `request.data`, comes to with a form.
    valid, _ = endpoint.validate_request(
        request.origin + request.target, request.method, request.text("replace"), request.mapping()
    )
    return valid


if __name__ == "__main__":
    serve("oauthlib", verify, ["oauth1-hmac-sha1"], capabilities=["clock"])
