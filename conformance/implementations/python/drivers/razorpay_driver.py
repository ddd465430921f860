"""Package razorpay: razorpay.Client().utility.verify_webhook_signature."""

from countersign_driver import serve

import razorpay

UTILITY = razorpay.Client(auth=("unused", "unused")).utility


def verify(request):
    # The package wants text: UTF-8, as Django's `request.body.decode()` gives it.
    return UTILITY.verify_webhook_signature(request.text(), request.required("X-Razorpay-Signature"), request.key)


if __name__ == "__main__":
    serve("razorpay", verify, ["razorpay"], rejects=[razorpay.errors.SignatureVerificationError])
