"""Package twilio: twilio.request_validator.RequestValidator.validate."""

import io

from countersign_driver import serve

from twilio.request_validator import RequestValidator
from werkzeug.formparser import parse_form_data


def verify(request):
    content_type = request.header("Content-Type", "")
    if content_type.startswith("application/json"):
        params = request.text("replace")  # as Flask's `get_data(as_text=True)`
    else:  # Flask's `request.form`, which is empty for other types
        length = str(len(request.body))
        environ = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(request.body)}
        _, params, _ = parse_form_data(environ)
    # The address is the configured one.
    url = request.origin + request.target
    return RequestValidator(request.key).validate(url, params, request.header("X-Twilio-Signature", ""))


if __name__ == "__main__":
    serve("twilio", verify, ["twilio"])
