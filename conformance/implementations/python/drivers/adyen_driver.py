"""Package Adyen: Adyen.util.is_valid_hmac_payload for platforms, is_valid_hmac_notification for payments."""

from countersign_driver import serve

from Adyen.util import is_valid_hmac_notification, is_valid_hmac_payload


def verify(request):
    if request.scheme == "adyen-platforms":
        return is_valid_hmac_payload(request.required("HmacSignature"), request.key, request.body)
    # Without a signature the answer is None.
    return bool(is_valid_hmac_notification(request.json(), request.key))


if __name__ == "__main__":
    serve("Adyen", verify, ["adyen-platforms", "adyen-standard"])
