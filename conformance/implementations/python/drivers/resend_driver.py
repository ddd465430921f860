"""Package resend: resend.Webhooks.verify, which also parses the body; it documents ValueError for every refusal."""

from countersign_driver import serve

import resend


def verify(request):
    headers = {name: request.header(f"svix-{name}", "") for name in ("id", "timestamp", "signature")}
    # The package wants text: UTF-8, as `await request.body()` with `.decode()` gives it.
    resend.Webhooks.verify({"payload": request.text(), "headers": headers, "webhook_secret": request.key})
    return True


if __name__ == "__main__":
    serve("resend", verify, ["svix"], rejects=[ValueError], capabilities=["clock"])
