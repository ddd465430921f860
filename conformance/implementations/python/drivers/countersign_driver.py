"""What the drivers of Python packages share: the line protocol (conformance/PROTOCOL.md), requests, and a clock.

If a driver declares the capability `clock`, then `time` and `datetime` show the time of the request.
It needs nothing but the standard library.
"""

import datetime
import importlib.metadata
import io
import json
import os
import sys
import time
from binascii import a2b_base64

PROTOCOL = 1


class Refused(Exception):
    """The application refuses before it can ask the package: a header is missing that is an argument, ..."""


class Unsupported(Exception):
    """The package cannot be asked this."""


class Headers(dict):
    """Header values by name, in any letter case, as servers hand them to an application."""

    def __getitem__(self, name):
        return super().__getitem__(name.lower())

    def __contains__(self, name):
        return super().__contains__(name.lower())

    def get(self, name, default=None):
        return super().get(name.lower(), default)


class Request:
    """What came. Text of headers is Latin-1, as servers give it."""

    def __init__(self, asked):
        sent = asked["request"]
        self.scheme = asked["scheme"]
        self.key_bytes = a2b_base64(asked["key"])
        self.now = asked["now"]
        self.method = sent["method"]
        self.target = sent["target"]
        self.body = a2b_base64(sent["body"])
        self._lines = sent["headers"]
        self._endpoint = asked["endpoint"]

    @property
    def headers(self):
        """Pairs of name and value, in their order."""
        return [(name, a2b_base64(value).decode("latin-1")) for name, value in self._lines]

    @property
    def origin(self):
        return self._endpoint["origin"]

    @property
    def key_id(self):
        return self._endpoint["key_id"]

    @property
    def constants(self):
        return self._endpoint["constants"]

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return self.target.partition("?")[2]

    @property
    def key(self):
        """The secret as text."""
        try:
            return self.key_bytes.decode()
        except UnicodeDecodeError:
            raise Unsupported("the package takes a secret of text") from None

    @property
    def url(self):
        """The address as servers put it together: they know the scheme, and refuse a request without a host."""
        scheme, _, _ = self.origin.partition("://")
        return f"{scheme}://{self.required('Host')}{self.target}"

    def header(self, name, default=None):
        """The lines of this name, joined by a comma and a space; `default` if there are none."""
        values = [value for line, value in self.headers if line.lower() == name.lower()]
        return ", ".join(values) if values else default

    def required(self, name):
        """The same, for packages that need a text and cannot be called without one."""
        value = self.header(name)
        if value is None:
            raise Refused(f"no {name}")
        return value

    def mapping(self):
        """All headers; lines of one name are joined."""
        joined = {}
        for line, value in self._lines:
            name = line.lower()
            value = a2b_base64(value).decode("latin-1")
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return Headers(joined)

    def bearer(self):
        """The token of the Authorization header."""
        scheme, _, token = self.required("Authorization").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused("no bearer token")
        return token

    def text(self, errors="strict"):
        """The body as text, for packages that take no bytes."""
        try:
            return self.body.decode("utf-8", errors)
        except UnicodeDecodeError:
            raise Refused("the body is not UTF-8") from None

    def json(self):
        """The body as JSON, for packages that take what the application has parsed."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused("the body is not JSON") from None


def keyed(make):
    """What `make` returns, for packages that look at the secret first: one that refuses the secret refuses the requests."""
    try:
        return make()
    except Unsupported:
        raise
    except Exception as why:
        raise Refused(f"the secret is refused: {_text(why)}") from why


def serve(package, verify, schemes, rejects=(), capabilities=(), version=None):
    """Answers the harness until it says goodbye.

    `package` is the name of the package as pip knows it, or any name for code of your own. `verify(request)` returns
    True or False, or raises: an exception in `rejects`, which the package documents for a refusal, means refused; any
    other exception is a failure of the package. Without `version`, the version of the installed package is looked up;
    code without a package has none.
    """
    if "clock" in capabilities:
        _stop_the_clock()
    # Whatever the package prints must not come between the answers.
    answers = os.dup(1)
    os.dup2(2, 1)
    read = json.JSONDecoder().raw_decode
    for lines in _read():
        said, since = [], time.monotonic()
        for line in lines:
            [(kind, asked)] = read(line.decode())[0].items()
            if kind == "hello":
                if asked["protocol"] != PROTOCOL:
                    sys.exit(f"this driver speaks version {PROTOCOL} of the protocol, not {asked['protocol']}")
                hello = {"name": package, "language": "python", "schemes": list(schemes)}
                version = version or _installed(package)
                if version is not None:
                    hello["version"] = version
                said.append(_line({"hello": hello | {"capabilities": [*capabilities, "timing"]}}))
            elif kind == "verify" and asked["scheme"] in schemes:
                said.append(_answer(verify, asked, rejects))
            elif kind == "measure" and asked["scheme"] in schemes:
                said.append(_measured(verify, asked, rejects))
            else:
                said.append(_line({"unsupported": {"seq": asked["seq"], "why": asked.get("scheme", kind)}}))
            # A package that hangs next keeps few answers back.
            if time.monotonic() - since > 0.0005:
                _write(answers, said)
                said, since = [], time.monotonic()
        _write(answers, said)


def _installed(package):
    """The version of an installed package; None if the name is not that of a package."""
    try:
        return importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None


def _read():
    """Lists of whole lines: as many as are there."""
    held = b""
    while piece := os.read(0, 1 << 16):
        whole, end, held = (held + piece).rpartition(b"\n")
        yield io.BytesIO(whole + end)


def _write(file, lines):
    rest = b"".join(lines)
    while rest:
        rest = rest[os.write(file, rest) :]


def _line(answer):
    return json.dumps(answer).encode("ascii") + b"\n"


def _answer(verify, asked, rejects):
    global _now
    _now = asked["now"]
    seq = asked["seq"]
    request = Request(asked)
    try:
        genuine = verify(request)
    except Unsupported as why:
        return _line({"unsupported": {"seq": seq, "why": str(why)}})
    except (Refused, *rejects) as refusal:
        return _line({"rejected": {"seq": seq, "detail": _text(refusal)}})
    except BaseException as failure:  # panics of native code and exits are failures of the package as well
        return _line({"error": {"seq": seq, "type": _name(failure), "detail": _text(failure)}})
    if not isinstance(genuine, bool):
        sys.exit(f"verify must return True or False, not {genuine!r}")
    return b'{"%s":{"seq":%d}}\n' % (b"accepted" if genuine else b"rejected", seq)


def _measured(verify, asked, rejects):
    """How long each call takes, in nanoseconds; refusals are what is measured. When instructions are counted, no clock is read."""
    global _now
    _now = asked["now"]
    seq = asked["seq"]
    requests = [Request(asked | {"request": sent}) for sent in asked["requests"]]
    refusals = (Refused, *rejects)
    clock = (lambda: 0) if asked.get("untimed") else time.perf_counter_ns
    nanos = []
    try:
        for place in asked["order"]:
            request = requests[place]
            start = clock()
            try:
                verify(request)
            except refusals:
                pass
            nanos.append(clock() - start)
    except Unsupported as why:
        return _line({"unsupported": {"seq": seq, "why": str(why)}})
    except BaseException as failure:
        return _line({"error": {"seq": seq, "type": _name(failure), "detail": _text(failure)}})
    return _line({"measured": {"seq": seq, "nanos": nanos}})


def _name(exception):
    kind = type(exception)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _text(exception):
    # A lone surrogate is not JSON text, and some packages put the whole request into their message.
    return str(exception).encode("utf-8", "backslashreplace").decode()[:500]


# The clock. Only what asks for "now" is replaced: functions of `time`, and the two types of `datetime` by ones that
# differ in nothing else.

_now = 0


def _stop_the_clock():
    """Puts the replacements everywhere: a package may have written `from time import time`."""
    replacements = [
        (time.time, lambda: float(_now)),
        (time.time_ns, lambda: _now * 10**9),
        (time.gmtime, _without_time(time.gmtime)),
        (time.localtime, _without_time(time.localtime)),
        (datetime.date, _Date),
        (datetime.datetime, _Datetime),
    ]
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            for real, frozen in replacements:
                if value is real:
                    setattr(module, name, frozen)


def _without_time(function):
    return lambda *arguments: function(*arguments or [_now])


class _Frozen(type):
    """Makes the replaced types differ in nothing but "now": all values are of the real type, which is at home in native code."""

    def __call__(cls, *arguments, **named):
        return cls.__base__(*arguments, **named) if cls in _FROZEN else super().__call__(*arguments, **named)

    def __instancecheck__(cls, value):
        return isinstance(value, cls.__base__) if cls in _FROZEN else super().__instancecheck__(value)

    def __subclasscheck__(cls, other):
        return issubclass(other, cls.__base__) if cls in _FROZEN else super().__subclasscheck__(other)


class _Date(datetime.date, metaclass=_Frozen):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(_now)


class _Datetime(datetime.datetime, metaclass=_Frozen):
    @classmethod
    def fromtimestamp(cls, timestamp, tz=None):
        # The way through the call above is slow, and packages go it for every request.
        return (cls.__base__ if cls is _Datetime else super()).fromtimestamp(timestamp, tz)

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_now, tz)

    @classmethod
    def today(cls):
        return cls.fromtimestamp(_now)

    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(_now, datetime.timezone.utc).replace(tzinfo=None)


_FROZEN = (_Date, _Datetime)
