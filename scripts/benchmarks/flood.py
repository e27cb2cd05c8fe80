"""What a flood of the page does to the lane: decisions of a real `gate run`, by turns quiet and flooded.

    python flood.py PORT

is the flood itself, in a process of its own.  It ends when its standard input is closed.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import quantiles
from threading import Thread

ASKERS = 64  # connections that ask for /metrics without end: as many as the page takes
STREAMS = 300  # connections that ask for the stream of events, many more than the page grants
TURNS = 2  # of a quiet and a flooded while each
SHOWN_BEFORE = 3  # decisions before the first while: the first of all load what is loaded late
DECIDED = re.compile(r"event=decision .*? ms=([\d.]+)")
PAGE = re.compile(r"url=http://127\.0\.0\.1:(\d+)")
METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
EVENTS = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"


def devices(texts: list[str]) -> str:
    """Return the tables of a gate before which these codes are shown, some six a second."""
    return f"""
[lane]
hold = "50ms"
[[reader]]
driver = "fake"
pause = "10ms"
texts = {json.dumps(texts)}
[barrier]
driver = "fake"
pulse = "50ms"
[kiosk]
listen = "127.0.0.1:0"
"""


def compared(logged: Callable[[], str], port: int, seconds: float) -> tuple[list[float], list[float]]:
    """Return ms of the decisions of a running gate, quiet and flooded, of `seconds` each."""
    quiet, flooded = list[float](), list[float]()
    for _ in range(TURNS):
        quiet += _decided(logged, seconds / TURNS)
        with flooding(port):
            flooded += _decided(logged, seconds / TURNS)
    return quiet, flooded


def p99(values: list[float]) -> float:
    """Return the 99th percentile, which of less than a hundred is nearly the slowest."""
    return quantiles(values, n=100, method="inclusive")[-1]


def _decided(logged: Callable[[], str], seconds: float) -> list[float]:
    before = len(DECIDED.findall(logged()))
    time.sleep(seconds)
    return [float(ms) for ms in DECIDED.findall(logged())[before:]]


@contextmanager
def flooding(port: int) -> Iterator[None]:
    """Flood the page of that port in this block, by a process of its own; it has begun when the block does."""
    command = [sys.executable, str(Path(__file__)), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            assert process.stdout  # noqa: S101 - it is a pipe
            if not process.stdout.readline():
                raise RuntimeError("the page answers nobody: there is nothing to flood")
            yield
        finally:
            process.kill()


def _ask(port: int, request: bytes) -> None:
    """Ask again for every answer, and connect again where the page closes."""
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(request)
            while connection.recv(65536):
                if request is METRICS:
                    connection.sendall(request)
        time.sleep(0.05)


def main(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(METRICS)
        answered = connection.recv(65536)
    for request in (*[METRICS] * ASKERS, *[EVENTS] * STREAMS):
        Thread(target=_ask, args=(port, request), daemon=True).start()
    if answered:
        print("flooding", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
