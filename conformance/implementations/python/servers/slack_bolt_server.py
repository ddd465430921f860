"""Package slack_bolt: App behind slack_bolt.adapter.flask."""

from package_server import serve

import slack_sdk.signature
from flask import Flask, request
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError


def application(secret):
    # With `authorize` of its own an application looks up its token, and nothing asks Slack about it. The check of
    # certificates is off, because it answers 200 before anything is verified.
    bolt = App(
        signing_secret=secret,
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-of-a-test"
        ),
        ssl_check_enabled=False,
        raise_error_for_unhandled_request=True,
    )

    @bolt.error
    def acknowledge(error):
        """No listener is registered, so what is authentic comes here."""
        return BoltResponse(status=200, body="ok") if isinstance(error, BoltUnhandledRequestError) else None

    app = Flask(__name__)
    handler = SlackRequestHandler(bolt)

    @app.route("/hook", methods=["POST"])
    def hook():
        return handler.handle(request)

    return app


if __name__ == "__main__":
    serve("slack_bolt", application, ["slack"], clocks=[slack_sdk.signature])
