"""Package standardwebhooks behind plain WSGI. HOOK_SECRET is in its `whsec_` form.

The package's own error is answered 401; any other exception is left to the server, which answers 500.
"""

from package_server import serve

import standardwebhooks.webhooks
from standardwebhooks import Webhook, WebhookVerificationError


def application(secret):
    webhook = Webhook(secret)

    def hook(environ, start_response):
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        try:
            webhook.verify(environ["wsgi.input"].read(), headers, json_parse=False)
            status, answer = "200 OK", b"ok"
        except WebhookVerificationError:
            status, answer = "401 Unauthorized", b"unauthorized"
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
        return [answer]

    return hook


if __name__ == "__main__":
    serve("standardwebhooks", application, ["standard-webhooks"], clocks=[standardwebhooks.webhooks])
