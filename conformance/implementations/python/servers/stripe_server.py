"""Package stripe: stripe.Webhook.construct_event in a Flask application."""

from package_server import serve

import stripe
import stripe._webhook
from flask import Flask, request


def application(secret):
    app = Flask(__name__)

    @app.route("/hook", methods=["POST"])
    def hook():
        try:
            stripe.Webhook.construct_event(request.data, request.headers.get("Stripe-Signature"), secret)
        except ValueError:
            return "invalid payload", 400
        except stripe.SignatureVerificationError:
            return "invalid signature", 400
        return "ok"

    return app


if __name__ == "__main__":
    serve("stripe", application, ["stripe"], clocks=[stripe._webhook])
