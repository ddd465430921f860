"""Package svix: svix.Webhook.verify, which takes either name of the headers."""

from countersign_driver import serve

from svix import Webhook, WebhookVerificationError


def verify(request):
    Webhook(request.key).verify(request.body, request.mapping())
    return True


if __name__ == "__main__":
    serve(
        "svix",
        verify,
        ["svix", "standard-webhooks"],
        rejects=[WebhookVerificationError],
        capabilities=["clock"],
    )
