"""A driver around a correct GitHub verification, or one that misbehaves in the way its argument names."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time

manner = sys.argv[1] if len(sys.argv) > 1 else "right"
out = sys.stdout.buffer
seen = 0


def say(message):
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()


def genuine(verify):
    key = base64.b64decode(verify["key"])
    body = base64.b64decode(verify["request"]["body"])
    lines = [base64.b64decode(value) for name, value in verify["request"]["headers"]
             if name.lower() == "x-hub-signature-256"]
    if not key or b"-----BEGIN" in key or key.startswith((b"ssh-", b"ecdsa-")):
        return False
    wanted = b"sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest().encode()
    return len(lines) == 1 and hmac.compare_digest(lines[0], wanted)


for line in sys.stdin.buffer:
    message = json.loads(line)
    if "hello" in message:
        if manner == "never-greets":
            continue
        if manner == "greets-wrongly":
            say({"accepted": {"seq": 0}})
            continue
        say({"hello": {"name": "github.py", "version": "1", "language": "python", "schemes": ["github"],
                       "capabilities": ["clock", "timing"]}})
        continue
    if "measure" in message:
        asked = message["measure"]
        calls = len(asked["order"])
        nanos = {"fast-clock": [1e9] * calls, "standing-clock": [0] * calls, "few-timings": [1], "odd-clock": [-1] * calls}
        if manner not in nanos:
            nanos[manner] = []
            for place in asked["order"]:
                start = time.perf_counter_ns()
                genuine(asked | {"request": asked["requests"][place]})
                nanos[manner].append(time.perf_counter_ns() - start)
        say({"measured": {"seq": asked["seq"], "nanos": nanos[manner]}})
        continue
    verify = message["verify"]
    seq, right = verify["seq"], genuine(verify)
    odd = not right
    seen += 1
    if manner == "slow" and seen > 10:
        with open(sys.argv[2], "w") as file:
            file.write(str(os.getpid()))
        time.sleep(0.02)
    if manner == "raises" and odd:
        say({"error": {"seq": seq, "type": "TypeError", "detail": "not today"}})
        continue
    if manner == "tells-the-key" and odd:
        say({"rejected": {"seq": seq, "class": "bad-tag", "detail": "with " + base64.b64decode(verify["key"]).decode()}})
        continue
    if manner == "dies" and odd:
        print("the last words", file=sys.stderr, flush=True)
        os._exit(7)
    if manner == "never-answers" and seen > 1:
        with open(sys.argv[2], "w") as file:
            file.write(str(os.getpid()))
        continue
    if manner == "exits-0" and seen > 1:
        sys.exit(0)
    if manner == "grandchild" and odd:
        subprocess.Popen(["sleep", "60"])  # it inherits the pipes and holds them
        os._exit(0)
    if manner == "wrong-number":
        seq += 1000
    if manner == "not-utf-8":
        out.write(b"\xff\xfe\n")
        out.flush()
        continue
    if manner == "long-line":
        out.write(b" " * 100_000_000 + b"\n")
        out.flush()
        continue
    if manner == "half-a-line" and seen > 1:
        out.write(b'{"accepted"')
        out.flush()
        os._exit(0)
    say({"accepted": {"seq": seq}} if right else {"rejected": {"seq": seq, "class": "bad-tag"}})
    if manner == "twice":
        say({"accepted": {"seq": seq}})

if manner == "ends-slowly":
    os.close(out.fileno())
    time.sleep(1)
    os._exit(0)
