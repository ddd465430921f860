"""How some schemes sign, written by hand from their documentation: headers, key, canonical string."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

ALL = rb"(?P<%s>.*)"
TAG, TIMESTAMP, ID, NONCE = (ALL % name for name in (b"tag", b"timestamp", b"id", b"nonce"))


@dataclass
class Rule:
    """Headers with the fields in them, what makes the canonical string, and what makes the key."""

    headers: dict[str, bytes]
    canonical: Callable
    key: Callable = str.encode


def key_of(rule, secret):
    return rule.key(secret)


def after_whsec(secret):
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


def body(request, _fields, _endpoint):
    return request.body


def webhook(prefix):
    headers = {f"{prefix}-id": ID, f"{prefix}-timestamp": TIMESTAMP, f"{prefix}-signature": b"v1," + TAG}

    def canonical(request, fields, _endpoint):
        return fields["id"] + b"." + fields["timestamp"] + b"." + request.body

    return Rule(headers, canonical, after_whsec)


def lines(*names):
    """Method, target, fields and body, one to a line."""

    def canonical(request, fields, _endpoint):
        return b"\n".join([request.method, request.target, *(fields[name] for name in names), request.body])

    return canonical


def v0(request, fields, _endpoint):
    return b"v0:" + fields["timestamp"] + b":" + request.body


def joined(request, _fields, _endpoint):
    return request.method + request.target.split(b"?")[0] + request.body


def selected(request, fields, _endpoint):
    content_type = request.values("Content-Type")
    return b"\n".join([fields["id"], content_type[0] if content_type else b"", request.body])


def hubspot(request, fields, endpoint):
    return request.method + endpoint["origin"].encode() + request.target + request.body + fields["timestamp"]


def twitch(request, fields, _endpoint):
    return fields["id"] + fields["timestamp"] + request.body


def square(request, _fields, endpoint):
    return endpoint["constants"]["notification-url"].encode() + request.body


RULES = {
    "adyen-platforms": Rule({"HmacSignature": TAG}, body, bytes.fromhex),
    "body-hex": Rule({"X-Signature": TAG}, body),
    "box": Rule(
        {"BOX-DELIVERY-TIMESTAMP": TIMESTAMP, "BOX-SIGNATURE-PRIMARY": TAG},
        lambda request, fields, _: request.body + fields["timestamp"],
    ),
    "canonical-request": Rule({"X-Timestamp": TIMESTAMP, "X-Signature": TAG}, lines("timestamp")),
    "canonical-request-nonce": Rule(
        {"X-Timestamp": TIMESTAMP, "X-Nonce": NONCE, "X-Signature": TAG}, lines("timestamp", "nonce")
    ),
    "concatenated": Rule({"X-Signature": TAG}, joined),
    "github": Rule({"X-Hub-Signature-256": b"sha256=" + TAG}, body),
    "github-sha1": Rule({"X-Hub-Signature": b"sha1=" + TAG}, body),
    "hubspot-v3": Rule({"X-HubSpot-Request-Timestamp": TIMESTAMP, "X-HubSpot-Signature-v3": TAG}, hubspot),
    "linear": Rule({"Linear-Signature": TAG}, body),
    "selected-headers": Rule({"X-Request-ID": ID, "X-Signature": TAG}, selected),
    "shopify": Rule({"X-Shopify-Hmac-Sha256": TAG}, body),
    "slack": Rule({"X-Slack-Request-Timestamp": TIMESTAMP, "X-Slack-Signature": b"v0=" + TAG}, v0),
    "square": Rule({"x-square-hmacsha256-signature": TAG}, square),
    "standard-webhooks": webhook("webhook"),
    "stripe": Rule(
        {"Stripe-Signature": b"t=" + TIMESTAMP + b",v1=(?P<tag>[^,]*)"},
        lambda request, fields, _: fields["timestamp"] + b"." + request.body,
    ),
    "svix": webhook("svix"),
    "twitch": Rule(
        {
            "Twitch-Eventsub-Message-Id": ID,
            "Twitch-Eventsub-Message-Timestamp": TIMESTAMP,
            "Twitch-Eventsub-Message-Signature": b"sha256=" + TAG,
        },
        twitch,
    ),
}
