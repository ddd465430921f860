"""A driver around a GitHub verification that compares in the way its argument names."""

import hashlib
import hmac
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "conformance/implementations/python/drivers"))

from countersign_driver import serve  # noqa: E402

WAYS = {
    "character-by-character": lambda given, right: all(one == other for one, other in zip(given, right, strict=False)),
    "equals": lambda given, right: given == right,
    "digest": hmac.compare_digest,
}
is_same = WAYS[sys.argv[1]]


def verify(request):
    given = request.header("X-Hub-Signature-256", "").encode("latin-1")
    right = b"sha256=" + hmac.new(request.key_bytes, request.body, hashlib.sha256).hexdigest().encode()
    return len(given) == len(right) and is_same(given, right)


if __name__ == "__main__":
    serve("compares.py", verify, ["github"], capabilities=["clock"], version="1")
