"""Package line-bot-sdk: linebot.v3.webhook.SignatureValidator.validate."""

from countersign_driver import serve

from linebot.v3.webhook import SignatureValidator


def verify(request):
    # The package wants text; its example takes Flask's `get_data(as_text=True)`, which replaces what is not UTF-8.
    return SignatureValidator(request.key).validate(request.text("replace"), request.required("X-Line-Signature"))


if __name__ == "__main__":
    serve("line-bot-sdk", verify, ["line"])
