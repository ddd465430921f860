"""The answers of the flawed forms and of the packages, as measured: (label, expected status, request)."""

import time

from _probes import (BODY, FLIPPED, body_hex, canonical, concatenated, joined, octokit, request, signature,
                     standard_webhooks, tag)

JSON = [("Content-Type", "application/json")]


def pattern_a():
    typed = {"scheme": body_hex, "more": JSON}
    yield "genuine", 200, request(**typed)
    yield "one bit flipped", 401, request(**typed, sent={"body": FLIPPED})
    for label, status, change in [
            ("upper case", 200, lambda t: [t.upper()]), ("and zz", 200, lambda t: [t + "zz"]),
            ("and text", 200, lambda t: [t + " text"]), ("one nibble more", 200, lambda t: [t + "0"]),
            ("good then bad", 200, lambda t: [t, "bad"]), ("cut", 500, lambda t: [t[:62]]),
            ("odd", 500, lambda t: [t[:63]]), ("not hex", 500, lambda t: ["zz"]), ("empty", 500, lambda t: [""])]:
        yield f"tag {label}", status, signature(change=change, **typed)
    yield "no signature header", 500, {"headers": JSON, "body": BODY}
    yield "body of no type", 500, request(body_hex)
    yield "body over 100 kB", 413, request(body=b"x" * 200_000, **typed)
    yield "OPTIONS unsigned", 200, {"method": "OPTIONS"}
    yield "still alive", 200, request(**typed)


def pattern_a_async():
    yield "genuine", 200, request(body_hex, more=JSON)
    yield "no signature header", 0, {"headers": JSON, "body": BODY}
    yield "process is gone", 0, request(body_hex, more=JSON)


def pattern_b():
    yield "genuine", 200, request(body_hex)
    yield "one bit flipped", 401, request(body_hex, sent={"body": FLIPPED})
    yield "no signature header", 400, {"body": BODY}
    for label, status, change in [
            ("not ASCII", 400, lambda t: ["\xe9" * 64]), ("upper case", 401, lambda t: [t.upper()]),
            ("space after", 200, lambda t: [t + " "]), ("two lines", 401, lambda t: [t, t])]:
        yield f"tag {label}", status, signature(body_hex, change)
    yield "OPTIONS unsigned", 200, {"method": "OPTIONS"}


def pattern_c():
    transfer = {"scheme": concatenated, "target": "/api/transfer", "body": b"amount=1"}
    yield "genuine", 200, request(**transfer)
    yield "one bit flipped", 401, request(**transfer, sent={"body": b"amount=0"})
    yield "path moved into the body", 200, request(**transfer, sent={"target": "/api/trans", "body": b"feramount=1"})
    yield "body moved into the path", 200, request(**transfer, sent={"target": "/api/transferamount=1", "body": b""})
    for path, status in [("/api/transfer?a=1", 200), ("/api/%74ransfer", 200), ("/api%2Ftransfer", 200),
                         ("//api/transfer", 401), ("/api//transfer", 401)]:
        yield f"sent to {path}", status, request(**transfer, sent={"target": path})
    yield "question mark escaped", 200, {"target": "/api/x%3Fy=1", "headers": [("X-Signature", tag("POST/api/x?y=1"))]}
    yield "override header", 200, request(more=[("X-HTTP-Method-Override", "DELETE")], **transfer)
    yield "lower-case method", 200, request(**transfer, sent={"method": "post"})
    yield "tag not ASCII", 500, signature(change=lambda t: ["\xe9" * 64], **transfer)
    yield "genuine body over 2.5 MB", 400, request(concatenated, body=b"x" * 3_000_000)
    yield "genuine chunked", 401, request(**transfer, sent={"chunked": True})


def pattern_d():
    now = int(time.time())
    yield "genuine", 200, request(canonical)
    yield "one bit flipped", 401, request(canonical, sent={"body": FLIPPED})
    yield "genuine body 0xff", 401, request(canonical, body=b"\xff")
    yield "0xff for U+FFFD", 200, request(canonical, body="\ufffd".encode(), sent={"body": b"\xff"})
    yield "query added", 200, request(canonical, sent={"target": "/hook?admin=1"})
    yield "/d/%78 for /d/x", 200, request(canonical, target="/d/x", sent={"target": "/d/%78"})
    yield "/d/a%2Fb for /d/a/b", 200, request(canonical, target="/d/a/b", sent={"target": "/d/a%2Fb"})
    yield "//d for /d", 200, request(canonical, target="/d", sent={"target": "//d"})
    yield "line end in the path", 200, {"target": f"/d%0A{now}%0A", "body": BODY, "headers": [
        ("X-Timestamp", str(now)), ("X-Signature", tag(f"POST\n/d\n{now}\n\n{now}\n", BODY))]}
    for offset, status in [(-290, 200), (290, 200), (-400, 401), (400, 401)]:
        yield f"timestamp {offset:+}", status, request(canonical, timestamp=str(now + offset))
    for text in (f"+{now}", f"000{now}", f"{str(now)[0]}_{str(now)[1:]}", f"\xa0{now}"):
        yield f"timestamp {text!r}", 200, request(canonical, timestamp=text)
    for text in (f"{now}.0", "NaN", "\xb2", "9" * 400, "9" * 5000, ""):
        yield f"timestamp {text[:12]!r}", 500, request(canonical, timestamp=text)
    yield "no timestamp", 500, {"body": BODY, "headers": [("X-Signature", tag(BODY))]}
    yield "two timestamps", 500, request(canonical, more=[("X-Timestamp", str(now))])
    yield "tag not ASCII", 500, signature(canonical, lambda t: ["\xe9" * 64])
    yield "lower-case method", 200, request(canonical, sent={"method": "post"})
    yield "genuine HEAD", 200, request(canonical, method="HEAD")
    yield "HEAD unsigned", 401, {"method": "HEAD", "headers": [("X-Timestamp", str(now))]}
    yield "OPTIONS unsigned", 200, {"method": "OPTIONS"}


def pattern_e():
    def retyped(content_type, body):
        headers = [("X-Request-ID", "id-1"), ("Content-Type", content_type), *joined("", "", BODY)[2:]]
        return {"headers": headers, "body": body}

    yield "genuine", 200, request(joined)
    yield "one bit flipped", 401, request(joined, sent={"body": FLIPPED})
    yield "type moved into the body", 200, retyped("application", b"/json" + BODY)
    yield "body moved into the type", 200, retyped("application/json" + BODY.decode(), b"")
    yield "other bearer token", 200, request(joined, more=[("Authorization", "Bearer other")])
    yield "query added", 200, request(joined, sent={"target": "/hook?a=1"})
    yield "other path and method", 200, request(joined, sent={"target": "/else", "method": "DELETE"})
    yield "both headers absent", 200, {"headers": [("X-Signature", tag("\n", BODY))], "body": BODY}
    for label, status, wire in [("wire bytes", 401, b"\xe9"), ("UTF-8", 200, "\xe9".encode())]:
        yield f"id 0xE9, tag over {label}", status, {"body": BODY, "headers": [
            ("X-Request-ID", "\xe9"), ("Content-Type", "a/b"), ("X-Signature", tag(wire, "\na/b", BODY))]}
    yield "OPTIONS unsigned", 200, {"method": "OPTIONS"}
    yield "two request ids", 401, request(joined, more=[("X-Request-ID", "id-0")])
    yield "tag not ASCII", 500, signature(joined, lambda t: ["\xe9" * 64])


def standardwebhooks_package():
    yield "genuine", 200, standard_webhooks()
    yield "one bit flipped", 401, standard_webhooks(sent=FLIPPED)
    yield "unsigned", 401, {"body": BODY}
    yield "timestamp old", 401, standard_webhooks(timestamp=str(int(time.time()) - 400))
    yield "tag without a comma", 500, standard_webhooks(signature="v1")
    yield "body not UTF-8", 500, standard_webhooks(signed=b"\xff")


def octokit_package():
    yield "genuine", 200, octokit()
    yield "one bit flipped", 400, octokit(sent=FLIPPED)
    yield "unsigned", 400, {"body": BODY, "headers": JSON}
    yield "genuine body not UTF-8", 400, octokit(signed=b'{"a":"\xff"}')
    yield "0xff for U+FFFD", 200, octokit(signed='{"a":"\ufffd"}'.encode(), sent=b'{"a":"\xff"}')
    yield "other path", 404, octokit(target="/other")
    yield "GET", 404, octokit(method="GET")
