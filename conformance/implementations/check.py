"""Starts every server in every form, asks what `_probes` and `_flawed` list, and prints a table.

Exits 1 when an answer differs. Standard library only; the servers need python/.venv and javascript/node_modules.
"""

import sys

import _flawed
import _probes
from _client import Server, send

A, B = "javascript/pattern_a_express.js", "python/pattern_b_flask.py"
C, D, E = "python/pattern_c_django.py", "python/pattern_d_flask.py", "python/pattern_e_flask.py"
SERVERS = [
    (A, ["--flawed"], _flawed.pattern_a),
    (A, ["--flawed", "--async"], _flawed.pattern_a_async),
    (A, ["--repaired"], lambda: _probes.repaired(_probes.body_hex)),
    (B, ["--flawed"], _flawed.pattern_b),
    (B, ["--repaired"], lambda: _probes.repaired(_probes.body_hex)),
    (C, ["--flawed"], _flawed.pattern_c),
    (C, ["--repaired"], _probes.repaired_canonical),
    (D, ["--flawed"], _flawed.pattern_d),
    (D, ["--repaired"], _probes.repaired_canonical),
    (E, ["--flawed"], _flawed.pattern_e),
    (E, ["--repaired"], _probes.repaired_selected),
    ("python/servers/standardwebhooks_server.py", [], _flawed.standardwebhooks_package),
    ("javascript/servers/octokit_webhooks.js", [], _flawed.octokit_package),
]


def ask(program, arguments, probes, by_signal):
    """Rows of (label, expected, observed) for one server."""
    is_package = program == "python/servers/standardwebhooks_server.py"
    server = Server(program, arguments, _probes.WEBHOOK_SECRET if is_package else _probes.SECRET)
    refusals = set()
    for label, expected, request in probes():
        status, content = send(server.port, **request)
        yield label, expected, status
        if expected == 200 and label == "genuine":
            yield "genuine, sent twice", 200, send(server.port, **request)[0]
        if status == 401 and request.get("method") != "HEAD":
            refusals.add(content)
    if "--repaired" in arguments:
        yield "kinds of refusal", 1, len(refusals)
    status, stdout, stderr = server.stop(by_signal)
    if "--async" in arguments:
        yield "exit status", 1, status
    else:
        yield f"exit status after {'SIGTERM' if by_signal else 'end of stdin'}", 0, status
        yield "further output", 0, len(stdout) + len(stderr)


def main():
    wrong = 0
    for number, (program, arguments, probes) in enumerate(SERVERS):
        print(f"\n{program} {' '.join(arguments)}")
        for label, expected, observed in ask(program, arguments, probes, number % 2 == 0):
            wrong += observed != expected
            print(f"  {'ok ' if observed == expected else 'BAD'}  {label:<40} expected {expected:>3}  observed {observed:>3}")
    print(f"\n{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
