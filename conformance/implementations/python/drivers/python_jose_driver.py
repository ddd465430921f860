"""Package python-jose: jose.jwt.decode."""

from countersign_driver import serve

from jose import jwt
from jose.exceptions import JOSEError


def verify(request):
    jwt.decode(request.bearer(), request.key, algorithms=["HS256"])
    return True


if __name__ == "__main__":
    serve("python-jose", verify, ["jwt-hs256"], rejects=[JOSEError], capabilities=["clock"])
