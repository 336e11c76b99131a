# http-requests.py WAY PORT CONNECTIONS: one request after the other, which costs requests the least.
import json
import sys
import time

import requests

way, port, _ = sys.argv[1:]
origin = f"http://127.0.0.1:{port}"
session = requests.Session()


def stream(count):
    size = 0
    with session.get(f"{origin}/stream/{count}", stream=True) as response:
        for chunk in response.iter_content(65536):
            size += len(chunk)
    assert size == count * 2**20, size


def many(once, expected):
    def run(count):
        for _ in range(count):
            assert once() == expected

    return run


run = {
    "get": many(lambda: session.get(f"{origin}/json").json()["id"], 12345),
    "post": many(lambda: session.post(f"{origin}/json", json={"name": "Ada", "age": 36}).json()["id"], 12345),
    "body": many(lambda: len(session.get(f"{origin}/body").content), 2**20),
    "stream": stream,
}[way]

for line in sys.stdin:
    count = int(line.split()[1])
    start = time.monotonic_ns()
    run(count)
    print(json.dumps({"units": count, "wall": time.monotonic_ns() - start}), flush=True)
