"""What each server is asked, and the answer it is known to give: (label, expected status, request)."""

import base64
import hashlib
import hmac
import time

SECRET = "a secret for loopback tests"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret for loopback tests").decode()
BODY = b'{"amount":1}'
FLIPPED = b'{"amount":0}'


def tag(*parts):
    return hmac.new(SECRET.encode(), b"".join(p if isinstance(p, bytes) else p.encode() for p in parts),
                    hashlib.sha256).hexdigest()


def body_hex(method, target, body):
    return [("X-Signature", tag(body))]


def canonical(method, target, body, timestamp=None):
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    return [("X-Timestamp", timestamp), ("X-Signature", tag(f"{method}\n{target}\n{timestamp}\n", body))]


def concatenated(method, target, body):
    return [("X-Signature", tag(method, target.split("?")[0], body))]


def selected(method, target, body, content_type="application/json", delimiter="\n"):
    return [("X-Request-ID", "id-1"), ("Content-Type", content_type),
            ("X-Signature", tag(f"id-1\n{content_type}{delimiter}", body))]


def joined(method, target, body, content_type="application/json"):
    return selected(method, target, body, content_type, delimiter="")


def request(scheme, method="POST", target="/hook", body=BODY, more=(), sent=None, **options):
    """A request signed as `method target body`; `sent` names what is different on the wire."""
    headers = [*more, *scheme(method, target, body, **options)]
    return {"method": method, "target": target, "headers": headers, "body": body, **(sent or {})}


def signature(scheme, change, **options):
    """A genuine request whose X-Signature lines are replaced by those that `change` makes of the tag."""
    made = request(scheme, **options)
    good = dict(made["headers"])["X-Signature"]
    rest = [pair for pair in made["headers"] if pair[0] != "X-Signature"]
    return {**made, "headers": rest + [("X-Signature", value) for value in change(good)]}


def repaired(scheme):
    """What every repaired form does."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        yield f"genuine {method}", 200, request(scheme, method=method)
        yield f"unsigned {method}", 401, {"method": method}
    for path in ("/hook/", "/hook/a%2Fb", "//hook", "/other?a=1&a=2", "/hook%0Ax", "/%ff"):
        yield f"genuine at {path}", 200, request(scheme, target=path)
    for label, body in [("empty", b""), ("not UTF-8", b"\xff\xfe\x00"), ("1 MiB", b"x" * 2**20), ("3 MiB", b"x" * 3 * 2**20)]:
        yield f"genuine body {label}", 200, request(scheme, body=body)
        yield f"genuine body {label}, chunked", 200, request(scheme, body=body, sent={"chunked": True})
    made = request(scheme)
    yield "mixed-case header names", 200, {**made, "headers": [(n.swapcase(), v) for n, v in made["headers"]]}
    yield "one bit flipped", 401, request(scheme, sent={"body": FLIPPED})
    yield "body over the limit", 401, request(scheme, body=b"x" * (25 * 2**20 + 1))
    for label, change in [
            ("upper case", lambda t: [t.upper()]), ("one nibble more", lambda t: [t + "0"]),
            ("text after", lambda t: [t + " x"]), ("cut", lambda t: [t[:62]]), ("empty", lambda t: [""]),
            ("not ASCII", lambda t: ["\xe9" * 64]), ("two lines", lambda t: [t, t]),
            ("good then bad", lambda t: [t, "x"]), ("bad then good", lambda t: ["x", t])]:
        yield f"tag {label}", 401, signature(scheme, change)


def repaired_canonical():
    yield from repaired(canonical)
    now = int(time.time())
    yield "query added", 401, request(canonical, sent={"target": "/hook?admin=1"})
    yield "path escaped", 401, request(canonical, sent={"target": "/%68ook"})
    yield "method changed", 401, request(canonical, sent={"method": "PUT"})
    yield "method in lower case", 401, request(canonical, sent={"method": "post"})
    for offset, status in [(-290, 200), (290, 200), (-310, 401), (310, 401)]:
        yield f"timestamp {offset:+}", status, request(canonical, timestamp=str(now + offset))
    for text in (f"+{now}", f"0{now}", f"{now}.0", "abc", "NaN", "", "9" * 400, "9" * 5000, f"\xa0{now}", "\xb2"):
        yield f"timestamp {text[:12]!r}", 401, request(canonical, timestamp=text)
    yield "second timestamp", 401, request(canonical, more=[("X-Timestamp", str(now))])


def repaired_selected():
    yield from repaired(selected)
    yield "content type moved into the body", 401, request(
        selected, sent={"body": b"/json" + BODY, "headers": [
            ("X-Request-ID", "id-1"), ("Content-Type", "application"), *selected("", "", BODY)[2:]]})
    yield "no request id", 401, {"headers": [("Content-Type", "a/b"), ("X-Signature", tag("\na/b\n", BODY))], "body": BODY}
    yield "no content type", 401, {"headers": [("X-Request-ID", "1"), ("X-Signature", tag("1\n\n", BODY))], "body": BODY}
    yield "second request id", 401, request(selected, more=[("X-Request-ID", "id-0")])


def standard_webhooks(signed=BODY, sent=None, signature=None, timestamp=None):
    timestamp = timestamp or str(int(time.time()))
    made = base64.b64encode(bytes.fromhex(tag(f"msg_1.{timestamp}.", signed))).decode()
    return {"body": signed if sent is None else sent, "headers": [
        ("webhook-id", "msg_1"), ("webhook-timestamp", timestamp), ("webhook-signature", signature or f"v1,{made}")]}


def octokit(signed=BODY, sent=None, target="/hook", **more):
    return {"body": signed if sent is None else sent, "target": target, **more, "headers": [
        ("Content-Type", "application/json"), ("X-GitHub-Event", "ping"), ("X-GitHub-Delivery", "1"),
        ("X-Hub-Signature-256", "sha256=" + tag(signed))]}
