"""Package vonage-jwt: vonage_jwt.verify_signature."""

from countersign_driver import serve

from vonage_jwt import VonageVerifyJwtError, verify_signature


def verify(request):
    return verify_signature(request.bearer(), request.key)


if __name__ == "__main__":
    serve("vonage-jwt", verify, ["jwt-hs256"], rejects=[VonageVerifyJwtError], capabilities=["clock"])
