"""Package Authlib: authlib.jose.JsonWebToken.decode, and validate for the claims."""

from countersign_driver import keyed, serve

from authlib.jose import JsonWebToken, OctKey
from authlib.jose.errors import JoseError

TOKENS = JsonWebToken(["HS256"])


def verify(request):
    key = keyed(lambda: OctKey.import_key(request.key))
    TOKENS.decode(request.bearer(), key).validate()
    return True


if __name__ == "__main__":
    serve("Authlib", verify, ["jwt-hs256"], rejects=[JoseError], capabilities=["clock"])
