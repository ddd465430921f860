"""Package stripe: stripe.WebhookSignature.verify_header."""

from countersign_driver import serve

import stripe


def verify(request):
    return stripe.WebhookSignature.verify_header(
        request.body, request.header("Stripe-Signature"), request.key, tolerance=stripe.Webhook.DEFAULT_TOLERANCE
    )


if __name__ == "__main__":
    serve("stripe", verify, ["stripe"], rejects=[stripe.SignatureVerificationError], capabilities=["clock"])
