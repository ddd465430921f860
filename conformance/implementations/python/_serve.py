"""Runs one WSGI application on gunicorn under the contract in ../README.md."""

import argparse
import contextlib
import importlib.metadata
import json
import logging
import os
import signal
import socket
import sys
import threading

from gunicorn.app.base import BaseApplication

_request = threading.local()


def start(flawed, repaired):
    """Starts the form named on the command line. Each form takes the secret and returns an application."""
    arguments = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    form = arguments.add_mutually_exclusive_group()
    form.add_argument("--flawed", dest="form", action="store_const", const=flawed, default=flawed)
    form.add_argument("--repaired", dest="form", action="store_const", const=repaired)
    serve(arguments.parse_args().form(secret()))


def secret():
    """The secret as text, from the environment only."""
    value = os.environ.get("HOOK_SECRET")
    if value is None:
        sys.exit("HOOK_SECRET is not set")
    return value


def serve(app, about=None, **settings):
    """Serves until SIGTERM or the end of stdin.

    `about` is the JSON object of the first line, where there is one; if `name` is an installed package, its version is added.
    """
    said = f" {json.dumps(_complete(about))}" if about else ""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(os.environ.get("PORT") or 0)))
    port = listener.getsockname()[1]

    def announce(worker):
        if worker.age == 1:
            print(f"listening 127.0.0.1:{port}{said}", flush=True)

    def remember(_worker, parsed):
        _request.lines = list(parsed.headers)

    logging.getLogger().addHandler(logging.NullHandler())  # an exception shows in the answer, not on stderr
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until gunicorn has its own
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    _Server(app, {
        "bind": f"fd://{listener.detach()}",
        "worker_class": "gthread",
        "workers": 1,
        "threads": 32,
        "keepalive": 65,
        "graceful_timeout": 1,
        "limit_request_line": 8190,
        "loglevel": "critical",
        "http_parser": "python",
        "permit_unconventional_http_method": True,
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        "pre_request": remember,
        "post_worker_init": announce,
        **settings,
    }).run()


def _complete(about):
    said = {"name": about["name"], "language": "python", "path": "/hook"}
    try:
        said["version"] = importlib.metadata.version(about["name"])
    except importlib.metadata.PackageNotFoundError:
        pass  # code without a package has no version
    return said | about


def _end_with_stdin():
    # os.read, not sys.stdin: its buffer lock would be copied into the worker by fork.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


class _Server(BaseApplication):
    def __init__(self, app, settings):
        self.app, self.settings = app, settings
        super().__init__()

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        def with_header_lines(environ, start_response):
            # WSGI joins equal header lines; the repaired forms need them apart.
            environ["hook.header_lines"] = _request.lines
            return self.app(environ, start_response)
        return with_header_lines
