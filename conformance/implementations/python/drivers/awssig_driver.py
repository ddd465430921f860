"""Package awssig: awssig.AWSSigV4Verifier.verify, with the window of the schemes."""

from countersign_driver import serve

from awssig import AWSSigV4Verifier, InvalidSignatureError


def verify(request):
    headers = {}
    for name, value in request.headers:
        headers.setdefault(name.lower(), []).append(value)
    return AWSSigV4Verifier(
        request_method=request.method,
        uri_path=request.path,
        query_string=request.query,
        headers=headers,
        body=request.body,
        region=request.constants["region"],
        service=request.constants["service"],
        key_mapping={request.key_id: request.key}.__getitem__,
        timestamp_mismatch=300,
    ).verify()


if __name__ == "__main__":
    serve("awssig", verify, ["aws-sigv4", "aws-sigv4-query"], rejects=[InvalidSignatureError], capabilities=["clock"])
