"""Request checks of the repaired forms. Every failure is one exception, `Refused`."""

import hashlib
import hmac
import re
import time

BODY_LIMIT = 25 * 1024 * 1024
WINDOW = 300

_TAG = re.compile(rb"\A[0-9a-f]{64}\Z")
_TIMESTAMP = re.compile(rb"\A(0|[1-9][0-9]{0,11})\Z")


class Refused(Exception):
    """The request does not verify."""


def check_tag(environ, secret, *parts):
    """Compares X-Signature with the tag over the joined parts, in constant time."""
    given = header(environ, "X-Signature")
    if not _TAG.match(given):
        raise Refused
    expected = hmac.new(secret.encode(), b"".join(parts), hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(expected, given):
        raise Refused


def header(environ, name):
    """The bytes of a header that is there exactly once and is not empty."""
    values = [value for key, value in environ["hook.header_lines"] if key == name.upper()]
    if len(values) != 1 or not values[0]:
        raise Refused
    return values[0].encode("latin-1")


def fresh_timestamp(environ):
    """The bytes of X-Timestamp, known to lie within the window."""
    text = header(environ, "X-Timestamp")
    if not _TIMESTAMP.match(text) or abs(int(time.time()) - int(text)) > WINDOW:
        raise Refused
    return text


def method(environ):
    """The method as sent."""
    return environ["REQUEST_METHOD"].encode("latin-1")


def target(environ):
    """The request target as sent: path and query, not decoded."""
    return environ["RAW_URI"].encode("latin-1")


def body(environ):
    """The whole body as sent, without the transfer coding."""
    stream, chunks, size = environ["wsgi.input"], [], 0
    try:
        while chunk := stream.read(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > BODY_LIMIT:
                raise Refused
    except Exception as broken:  # the framing is checked while reading
        raise Refused from broken
    if size != int(environ.get("CONTENT_LENGTH") or size):
        raise Refused
    return b"".join(chunks)


def canonical_request(environ, secret):
    """Scheme `canonical-request`: method, target, timestamp and body, one line each."""
    sent = body(environ)
    timestamp = fresh_timestamp(environ)
    check_tag(environ, secret, method(environ), b"\n", target(environ), b"\n", timestamp, b"\n", sent)
