"""Package slackeventsapi: SlackEventAdapter on a Flask application, with a listener for errors."""

from package_server import serve

import slackeventsapi.server
from flask import Flask
from slackeventsapi import SlackEventAdapter


def application(secret):
    app = Flask(__name__)
    adapter = SlackEventAdapter(secret, "/hook", app)

    @adapter.on("error")
    def refused(_error):
        pass  # without a listener the adapter raises in place of its answer

    return app


if __name__ == "__main__":
    serve("slackeventsapi", application, ["slack-events"], clocks=[slackeventsapi.server])
