"""Package paddle-python-sdk: paddle_billing.Notifications.Verifier.verify."""

from types import SimpleNamespace

from countersign_driver import serve

from paddle_billing.Notifications import Secret, Verifier


def verify(request):
    received = SimpleNamespace(body=request.body, headers=request.mapping())
    return Verifier().verify(received, Secret(request.key))


if __name__ == "__main__":
    serve("paddle-python-sdk", verify, ["paddle"], capabilities=["clock"])
