"""Package dropbox-sign: dropbox_sign.EventCallbackHelper.is_valid."""

from countersign_driver import serve

from dropbox_sign import EventCallbackHelper, EventCallbackRequest


def verify(request):
    return EventCallbackHelper.is_valid(request.key, EventCallbackRequest.init(request.json()))


if __name__ == "__main__":
    serve("dropbox-sign", verify, ["dropbox-sign"])
