"""Debian's `webhook` with one hook that checks `payload-hmac-sha256`. The contract is in ../README.md.

Standard library only, on a POSIX system.
"""

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

COMMAND = "webhook"
HOOK = "countersign"


def main():
    secret = os.environ.pop("HOOK_SECRET", None)  # not for the environment of what is started
    if secret is None:
        sys.exit("HOOK_SECRET is not set")
    about = {
        "name": "webhook",
        "version": version(),
        "language": "go",
        "schemes": ["github"],
        "path": f"/hooks/{HOOK}",
        "clock": True,
    }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with started(secret) as (process, port):
        print(f"listening 127.0.0.1:{port} {json.dumps(about)}", flush=True)
        while process.poll() is None:
            if select.select([0], [], [], 0.5)[0] and not os.read(0, 4096):
                return
    sys.exit(f"{COMMAND} ended with status {process.returncode}")


def version():
    try:
        said = subprocess.run([COMMAND, "-version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit(f"{COMMAND} is not installed")
    return said.split()[-1]


def hooks(secret):
    parameter = {"source": "header", "name": "X-Hub-Signature-256"}
    rule = {"match": {"type": "payload-hmac-sha256", "secret": secret, "parameter": parameter}}
    return [
        {
            "id": HOOK,
            "execute-command": "/bin/true",
            "response-message": "ok",
            "trigger-rule": rule,
            "trigger-rule-mismatch-http-response-code": 401,
        }
    ]


@contextlib.contextmanager
def started(secret):
    """The process and its port, once it answers. The file with the secret is gone by then: it is read only once."""
    port = free_port(int(os.environ.get("PORT") or 0))
    process = None
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:  # of mode 600
            json.dump(hooks(secret), file)
            file.flush()
            arguments = ["-hooks", file.name, "-ip", "127.0.0.1", "-port", str(port)]
            process = subprocess.Popen([COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr)
            wait_for(process, port)
        yield process, port
    finally:
        if process:
            process.terminate()
            process.wait()


def free_port(port):
    """The same port if it is free, any free one for 0."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(f"port {port}: {error.strerror}")
        return listener.getsockname()[1]


def wait_for(process, port):
    """Its port is open before the hooks are loaded, so that only an answer says that they are."""
    for _ in range(200):
        if process.poll() is not None:
            sys.exit(f"{COMMAND} ended with status {process.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    sys.exit(f"{COMMAND} does not answer")


if __name__ == "__main__":
    main()
