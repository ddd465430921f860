"""Package PyJWT: jwt.decode."""

from countersign_driver import serve

import jwt


def verify(request):
    jwt.decode(request.bearer(), request.key, algorithms=["HS256"])
    return True


if __name__ == "__main__":
    serve("PyJWT", verify, ["jwt-hs256"], rejects=[jwt.PyJWTError], capabilities=["clock"])
