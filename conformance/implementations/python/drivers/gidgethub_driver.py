"""Package gidgethub: gidgethub.sansio.validate_event, with the header that the scheme sends."""

from countersign_driver import serve

from gidgethub import ValidationFailure, sansio

HEADERS = {"github": "X-Hub-Signature-256", "github-sha1": "X-Hub-Signature"}


def verify(request):
    signature = request.required(HEADERS[request.scheme])
    sansio.validate_event(request.body, signature=signature, secret=request.key)
    return True


if __name__ == "__main__":
    serve("gidgethub", verify, HEADERS, rejects=[ValidationFailure])
