"""A server with a correct GitHub verification, or one that misbehaves in the way its argument names."""

import hashlib
import hmac
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

manner = sys.argv[1] if len(sys.argv) > 1 else "right"
key = os.environb[b"HOOK_SECRET"]


def genuine(handler, body):
    lines = handler.headers.get_all("X-Hub-Signature-256") or []
    if not key or b"-----BEGIN" in key or key.startswith((b"ssh-", b"ecdsa-")):
        return False
    wanted = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    if manner == "ends-early":
        return len(lines) == 1 and all(one == other for one, other in zip(lines[0], wanted, strict=False))
    return len(lines) == 1 and hmac.compare_digest(lines[0].encode("latin-1"), wanted.encode())


class Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        right = genuine(self, body)
        if manner == "dies" and body == b"1":
            os._exit(7)
        if manner == "hangs" and body == b"1":
            os.kill(os.getpid(), signal.SIGSTOP)  # the whole process stops, this thread perhaps a moment later
            time.sleep(600)
        if manner == "dies-for-good" and body == b"1":
            open(sys.argv[2], "w").close()
            os._exit(7)
        if manner in ("tells-its-pid", "stays"):
            with open(sys.argv[2], "w") as file:
                file.write(str(os.getpid()))
            time.sleep(0.05)
        said = b"ok" if right else b"no"
        self.send_response(200 if right else 401)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


if manner == "dies-for-good" and os.path.exists(sys.argv[2]):
    sys.exit("there is nothing left of me")
if manner == "refuses-to-start":
    sys.exit("the secret " + key.decode(errors="replace") + " is not what I take")
if manner == "says-nothing":
    sys.exit(0)
if manner == "needs-a-secret" and not key:
    sys.exit("no empty secret")
server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Hook)
address = "0.0.0.0" if manner == "everywhere" else "127.0.0.1"
about = {"name": "github.py", "version": "1", "language": "python", "schemes": ["github"], "clock": True}
if manner == "misspells":
    about["colour"] = "red"
if manner == "boasts":
    about["name"], about["version"] = key.decode(), "\x1b[31m" + key.hex()
print("starting, please wait", flush=True)
print(f"listening {address}:{server.server_address[1]} {json.dumps(about)}", flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
if manner == "stays":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
sys.stdin.read()
if manner == "tells-its-pid":
    with open(sys.argv[2] + ".ended", "w") as file:
        file.write("by itself")
