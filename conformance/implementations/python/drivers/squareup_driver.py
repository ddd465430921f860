"""Package squareup: square.utils.webhooks_helper.verify_signature."""

from countersign_driver import serve

from square.utils.webhooks_helper import verify_signature


def verify(request):
    # The package wants text; its documentation decodes the body as UTF-8.
    return verify_signature(
        request_body=request.text(),
        signature_header=request.required("x-square-hmacsha256-signature"),
        signature_key=request.key,
        notification_url=request.constants["notification-url"],
    )


if __name__ == "__main__":
    serve("squareup", verify, ["square"])
