"""Package slack_sdk: slack_sdk.signature.SignatureVerifier.is_valid_request."""

from countersign_driver import serve

from slack_sdk.signature import SignatureVerifier


def verify(request):
    return SignatureVerifier(request.key).is_valid_request(request.body, request.mapping())


if __name__ == "__main__":
    serve("slack_sdk", verify, ["slack"], capabilities=["clock"])
