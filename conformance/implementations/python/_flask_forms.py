"""How the Flask servers route: every path to one view, or every request to one check."""

import os

from flask import Flask, request
from werkzeug.routing import BaseConverter

from _strict import Refused

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class AnyPath(BaseConverter):
    """Like the `path` converter, for any text at all."""

    regex = r"[\s\S]*"
    part_isolating = False


def flawed(view):
    """Routes every path to the view; HEAD and OPTIONS are left to the framework."""
    app = Flask(__name__)
    app.url_map.converters["any_path"] = AnyPath
    app.url_map.merge_slashes = False
    app.add_url_rule("/<any_path:_path>", view_func=lambda _path: view(), endpoint="hook", methods=METHODS)
    return app


def repaired(verify):
    """Verifies before routing, so no method and no path goes around it."""
    app = Flask(__name__)

    @app.before_request
    def hook():
        try:
            verify(request.environ)
        except Refused:
            return os.environ.get("REFUSAL_TEXT", "unauthorized"), 401
        return "ok"

    return app
