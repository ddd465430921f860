"""Package mohawk: mohawk.Receiver, without a callback that remembers nonces."""

from countersign_driver import serve

import mohawk


def verify(request):
    def credentials(key_id):
        if key_id != request.key_id:
            raise LookupError(key_id)
        return {"id": key_id, "key": request.key_bytes, "algorithm": "sha256"}

    mohawk.Receiver(
        credentials,
        request.header("Authorization"),
        request.url,
        request.method,
        content=request.body,
        content_type=request.header("Content-Type", ""),
    )
    return True


if __name__ == "__main__":
    serve("mohawk", verify, ["hawk"], rejects=[mohawk.exc.HawkFail], capabilities=["clock"])
