"""Recomputes an export of `countersign vectors export` without any of Countersign: a second opinion on its bytes.

Of every signed request it makes the tag again, and the canonical string from the pieces of the request: by a rule
written by hand for the schemes in `RULES`, from the scheme's own template for the others. Of every plain request it
writes the octets again. Prints a table; exits 1 when a byte differs. Standard library only.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
from urllib.parse import unquote

from _schemes import RULES, key_of

ENCODINGS = {
    "hex": lambda tag: tag.hex(),
    "hex-upper": lambda tag: tag.hex().upper(),
    "base64": lambda tag: base64.b64encode(tag).decode(),
    "base64-unpadded": lambda tag: base64.b64encode(tag).decode().rstrip("="),
    "base64url": lambda tag: base64.urlsafe_b64encode(tag).decode().rstrip("="),
}

CONSTRUCTIONS = {
    "hmac": lambda name, key, text: hmac.new(key, text, name).digest(),
    "hash-of-key-and-text": lambda name, key, text: hashlib.new(name, key + text).digest(),
    "hash-of-text-and-key": lambda name, key, text: hashlib.new(name, text + key).digest(),
    "hash-of-text": lambda name, key, text: hashlib.new(name, text).digest(),
}


def octets(written):
    """The bytes of one of the four forms."""
    ((form, value),) = written.items()
    if form == "text":
        return value.encode()
    if form == "base64":
        return base64.b64decode(value, validate=True)
    if form == "repeat":
        return value["text"].encode() * value["times"]
    return b"".join(octets(part) for part in value)


class Request:
    """A request in pieces."""

    def __init__(self, sent):
        self.method, self.target, self.body = (octets(sent[piece]) for piece in ("method", "target", "body"))
        self.headers = [(name, octets(value)) for name, value in sent["headers"]]

    def values(self, wanted):
        return [value for name, value in self.headers if name.lower() == wanted.lower()]

    def plain(self):
        """The octets of the plain form."""
        lines = [self.method + b" " + self.target + b" HTTP/1.1"]
        lines += [name.encode() + b": " + value for name, value in self.headers]
        silent = not self.body and self.method in (b"GET", b"HEAD")
        if not self.values("Content-Length") and not silent:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


def from_template(document, request, made):
    """The canonical string as the template of the scheme says, with the fields that the export names."""
    endpoint = document["endpoint"]

    def piece(match):
        word = match.group().decode()
        if word in ("{{", "}}"):
            return word[:1].encode()
        kind, _, name = word[1:-1].partition(":")
        path, _, query = request.target.partition(b"?")
        pieces = {"method": request.method, "path": path, "query": query, "target": request.target, "body": request.body}
        pieces["url"] = made.get("origin", endpoint["origin"]).encode() + request.target
        if kind in pieces:
            return pieces[kind]
        if kind == "header":
            return (request.values(name) or [b""])[0]
        if kind == "const":
            return endpoint["constants"][name].encode()
        return made[kind.replace("-", "_")].encode()

    return re.sub(rb"\{\{|\}\}|\{[^{}]*\}", piece, document["scheme"]["canonical"].encode())


class Check:
    """What was recomputed of one export, and what differs."""

    def __init__(self, document):
        self.document, self.scheme = document, document["scheme"]
        self.key = bytes.fromhex(document["endpoint"]["key"])
        self.counts = dict.fromkeys(("signed", "tags", "by rule", "by template", "own way", "octets"), 0)
        self.wrong = []

    def expect(self, what, condition):
        if not condition:
            self.wrong.append(what)

    def run(self):
        document = self.document
        self.expect("the format is another one", document["format"] == "countersign.vectors/1")
        rule = RULES.get(self.scheme["name"])
        if rule:
            self.expect("the key is not that of the secret", key_of(rule, document["endpoint"]["secret"]) == self.key)
        self.request("the control", document["control"])
        ids = [case["id"] for case in document["cases"] + document["not_applicable"]]
        self.expect("an id stands twice", len(set(ids)) == len(ids))
        for case in document["cases"]:
            self.key = bytes.fromhex(case.get("key", document["endpoint"]["key"]))
            for number, sent in enumerate(case["requests"]):
                self.request(f"{case['id']}, request {number}", sent)
            sends = [index for together in case["rounds"] for index in together["send"]]
            self.expect(f"{case['id']}: a request is sent that is not there", max(sends) < len(case["requests"]))
            judged = [together for together in case["rounds"] if together["purpose"] == "judged"]
            last = case["rounds"][-2:] if case["expect"] == "alike" else case["rounds"][-1:]
            self.expect(f"{case['id']}: not the last round is judged", judged == last)
            self.expect(f"{case['id']}: the first is not signed", "signature" in case["requests"][0])
        return self

    def request(self, where, sent):
        request, made = Request(sent), sent.get("signature")
        if sent["framing"] == "plain":
            self.counts["octets"] += 1
            self.expect(f"{where}: octets", request.plain() == octets(sent["octets"]))
        if made:
            self.counts["signed"] += 1
            self.signature(where, request, made)

    def signature(self, where, request, made):
        tag = made["tag"].encode()
        carried = [request.target, request.body] + [value for _, value in request.headers]
        self.expect(f"{where}: the request does not carry its tag", any(tag in value for value in carried))
        if made.get("by", "mac") != "mac":
            self.counts["own way"] += 1
            return
        canonical = octets(made["canonical"])
        key = bytes.fromhex(made["key"]) if "key" in made else self.key
        name = made.get("hash", self.scheme["hash"])
        computed = CONSTRUCTIONS[made.get("construction", "hmac")](name, key, canonical)
        self.counts["tags"] += 1
        # Some schemes percent-encode the tag where they carry it.
        self.expect(f"{where}: tag", ENCODINGS[self.scheme["encoding"]](computed) == unquote(made["tag"]))
        rule = RULES.get(self.scheme["name"])
        if rule:
            self.counts["by rule"] += 1
            self.by_rule(where, rule, request, made, canonical)
        if self.scheme["carries"]:
            self.counts["by template"] += 1
            rebuilt = from_template(self.document, request, made)
            self.expect(f"{where}: canonical string from the template", rebuilt == canonical)

    def by_rule(self, where, rule, request, made, canonical):
        fields = {}
        for header, pattern in rule.headers.items():
            match = re.fullmatch(pattern, (request.values(header) or [b""])[-1], re.DOTALL)
            if match is None:
                self.wrong.append(f"{where}: {header} has another shape")
                return
            fields.update(match.groupdict())
        for field, text in fields.items():
            self.expect(f"{where}: {field}", text == made[field].encode())
        endpoint = {**self.document["endpoint"], **{name: made[name] for name in ("origin",) if name in made}}
        rebuilt = rule.canonical(request, fields, endpoint)
        self.expect(f"{where}: canonical string by hand", rebuilt == canonical)


def main(paths):
    if not paths:
        print("usage: recompute.py EXPORT.json...", file=sys.stderr)
        return 2
    wrong = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            check = Check(json.load(file)).run()
        counts = ", ".join(f"{count} {what}" for what, count in check.counts.items())
        print(f"{check.scheme['name']:<26} {counts}, {len(check.wrong)} differences")
        for what in check.wrong[:20]:
            print(f"  BAD  {what}")
        wrong += len(check.wrong)
    print(f"{len(paths)} exports, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
