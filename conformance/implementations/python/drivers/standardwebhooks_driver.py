"""Package standardwebhooks: standardwebhooks.Webhook.verify, without parsing."""

from countersign_driver import serve

from standardwebhooks import Webhook, WebhookVerificationError


def verify(request):
    Webhook(request.key).verify(request.body, request.mapping(), json_parse=False)
    return True


if __name__ == "__main__":
    serve(
        "standardwebhooks",
        verify,
        ["standard-webhooks"],
        rejects=[WebhookVerificationError],
        capabilities=["clock"],
    )
