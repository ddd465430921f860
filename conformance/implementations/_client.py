"""Starts one server and talks to it over raw sockets. Standard library only."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VENV = HERE / "python" / ".venv" / "bin" / "python"


class Server:
    """One running server; `ended` says how it went away."""

    def __init__(self, program, arguments, secret):
        path = HERE / program
        command = ["node"] if path.suffix == ".js" else [str(VENV if VENV.exists() else sys.executable)]
        self.process = subprocess.Popen(
            [*command, str(path), *arguments], env={**os.environ, "HOOK_SECRET": secret, "PORT": "0"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening 127.0.0.1:"):
            raise SystemExit(f"{program}: {line!r} {self.process.stderr.read()}")
        self.port = int(line.split()[1].rpartition(":")[2])

    def stop(self, by_signal):
        """Ends the server by SIGTERM or by the end of stdin; returns exit status, further stdout and stderr."""
        if by_signal:
            self.process.send_signal(signal.SIGTERM)
            rest = self.process.stdout.read(), self.process.stderr.read()
            self.process.wait(10)
        else:
            rest = self.process.communicate(timeout=10)
        return self.process.returncode, *rest


def send(port, method="POST", target="/hook", headers=(), body=b"", chunked=False):
    """The status and body of the answer, or (0, reason) when there is none. Text goes out as latin-1."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += ["Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"]
    if chunked:
        pieces = [body[:1], body[1:]] if len(body) > 1 else [body] * bool(body)
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            try:
                connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # an early answer may already be there
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError as error:
        return 0, type(error).__name__
    head, _, content = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]), content.decode("latin-1")) if head else (0, "closed")
