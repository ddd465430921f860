"""Package Authlib: authlib.jose.JsonWebToken.decode, and validate for the claims."""

from countersign_driver import serve

from authlib.jose import JsonWebToken
from authlib.jose.errors import JoseError

TOKENS = JsonWebToken(["HS256"])


def verify(request):
    TOKENS.decode(request.bearer(), request.key).validate()
    return True


if __name__ == "__main__":
    serve("Authlib", verify, ["jwt-hs256"], rejects=[JoseError], capabilities=["clock"])
