"""What the servers of Python packages share: how they start, and a fixed clock (contract: ../SERVERS.md)."""

import datetime
import os
import sys
import time
import types
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import _serve


def serve(package, application, schemes, path="/hook", clocks=()):
    """Serves the WSGI application that `application(secret)` returns.

    `clocks` are the modules in which the package asks for the time. It is fixed only there: timers elsewhere go on.
    """
    app = application(_serve.secret())
    stands = _stop(clocks)
    _serve.serve(app, {"name": package, "schemes": schemes, "path": path, "clock": stands or not clocks})


def _stop(modules):
    """Fixes the time at HOOK_TIME; False if there is none."""
    text = os.environ.get("HOOK_TIME")
    if not text:
        return False
    try:
        now = int(text)
    except ValueError:
        sys.exit("HOOK_TIME is not a number of whole seconds")
    for module in modules:
        _replace(module, now)
    return True


def _replace(module, now):
    class Standing(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now, tz)

    def without_time(function):
        return lambda *arguments: function(*arguments or [now])

    functions = {
        "time": lambda: float(now),
        "gmtime": without_time(time.gmtime),
        "localtime": without_time(time.localtime),
    }
    found = vars(module)
    if found.get("time") is time:
        module.time = types.SimpleNamespace(**vars(time) | functions)
    elif found.get("time") is time.time:
        module.time = functions["time"]
    elif found.get("datetime") is datetime.datetime:
        module.datetime = Standing
    else:
        sys.exit(f"{module.__name__} asks for the time in another way")
