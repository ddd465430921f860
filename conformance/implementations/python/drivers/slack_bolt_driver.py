"""Package slack_bolt: the middleware slack_bolt.middleware.RequestVerification."""

from countersign_driver import serve

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.middleware import RequestVerification


def verify(request):
    # As the package's own adapter for Flask does, with `get_data(as_text=True)`.
    received = BoltRequest(body=request.text("replace"), query=request.query, headers=request.mapping())
    answer = RequestVerification(request.key).process(
        req=received, resp=BoltResponse(status=404), next=lambda: BoltResponse(status=200)
    )
    return answer.status == 200


if __name__ == "__main__":
    serve("slack_bolt", verify, ["slack"], capabilities=["clock"])
