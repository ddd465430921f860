"""Calls the package standardwebhooks in a loop, for the program `ratios`.

The first line of standard input is a number, that many lines of the line protocol follow. Each further line runs
through all of them once and prints the seconds that this took.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "conformance/implementations/python/drivers"))

import countersign_driver  # noqa: E402
from standardwebhooks import Webhook  # noqa: E402


def main():
    lines = sys.stdin.buffer
    asked = [json.loads(next(lines))["verify"] for _ in range(int(next(lines)))]
    requests = [countersign_driver.Request(verify) for verify in asked]
    calls = [(request.key, request.body, request.mapping()) for request in requests]
    for _ in lines:
        start = time.perf_counter()
        for key, body, headers in calls:
            Webhook(key).verify(body, headers, json_parse=False)
        print(time.perf_counter() - start, flush=True)


main()
