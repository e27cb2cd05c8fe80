"""Peers that speak raw bytes: mirrors and proxies that hold whoever asks them, or answer what no server does."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Lie = Callable[["Liar", socket.socket], None]

PAUSE = 0.02  # seconds between two drips: far below what a single read waits for


class Liar:
    """A server that hands each connection, after the request came, to `lie`.  `asked`: the requests' heads."""

    def __init__(self, lie: Lie) -> None:
        self.asked: list[bytes] = []
        self.over = threading.Event()
        self._lie = lie
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._threads = [threading.Thread(target=self._serve, daemon=True)]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join()

    def drip(self, connection: socket.socket, data: bytes, again: bytes) -> None:
        """Send `data`, then `again` until the other end has had enough."""
        connection.sendall(data)
        while not self.over.wait(PAUSE):
            connection.sendall(again)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            while True:
                head = b""
                while b"\r\n\r\n" not in head and head[:1] != b"\x16":  # or the first of TLS
                    head += (more := connection.recv(4096))
                    if not more:
                        return
                self.asked.append(head)
                self._lie(self, connection)


def _said(text: str) -> Lie:
    return lambda _, connection: connection.sendall(text.replace("\n", "\r\n").encode("latin-1"))


def _dripped(text: str, again: str) -> Lie:
    return lambda liar, connection: liar.drip(connection, text.replace("\n", "\r\n").encode(), again.encode())


def _redirecting(liar: Liar, connection: socket.socket) -> None:
    """To ever another address of its own, a moment later."""
    liar.over.wait(PAUSE)
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % len(liar.asked))


def _silent(liar: Liar, _: socket.socket) -> None:
    liar.over.wait()


HOLDING: dict[str, Lie] = {
    "silence": _silent,
    "a byte of a header now and then": _dripped("HTTP/1.1 200 OK\nX: ", "a"),
    "headers without end": _dripped("HTTP/1.1 200 OK\n", "X: a\r\n"),
    "100 Continue without end": _dripped("", "HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk extension": _dripped("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5;", "a"),
    "a chunk's size": _dripped("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", "0"),
    "trailers without end": _dripped("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\na\n0\n", "X: a\r\n"),
    "a byte of a body now and then": _dripped("HTTP/1.1 200 OK\nContent-Length: 9999\n\n", "a"),
    "a body that stops": _dripped("HTTP/1.1 200 OK\nContent-Length: 9999\n\nabc", ""),
}
"""All of these go on for as long as the other end waits."""

WRONG: dict[str, Lie] = {
    "503 and a long Retry-After": _said("HTTP/1.1 503 x\nRetry-After: 21600\nContent-Length: 0\n\n"),
    "429 and a long Retry-After": _said(
        "HTTP/1.1 429 x\nRetry-After: Fri, 31 Dec 2099 23:59:59 GMT\nContent-Length: 0\n\n"
    ),
    "413 and a Retry-After": _said("HTTP/1.1 413 x\nRetry-After: 9999\nContent-Length: 0\n\n"),
    "redirects without end": _redirecting,
    "304 to a question without condition": _said("HTTP/1.1 304 x\n\n"),
    "206 to a question for the whole": _said("HTTP/1.1 206 x\nContent-Range: bytes 0-1/9\nContent-Length: 2\n\nab"),
    "no HTTP": _said("SSH-2.0-OpenSSH_9.2\n"),
    "a status that is no number": _said("HTTP/1.1 abc x\n\n"),
    "a length below zero": _said("HTTP/1.1 200 OK\nContent-Length: -5\n\nabc"),
    "two lengths": _said("HTTP/1.1 200 OK\nContent-Length: 5, 6\n\nabcdef"),
    "a chunk that is no number": _said("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz\nabc"),
    "a header of a megabyte": _said("HTTP/1.1 200 OK\nX: " + "a" * (1 << 20) + "\n\n"),
    "a thousand headers": _said("HTTP/1.1 200 OK\n" + "X: a\n" * 1000 + "\n"),
    "nesting that no parser survives": _said("HTTP/1.1 200 OK\nContent-Length: 50000\n\n" + "[" * 50_000),
    "407 without a proxy": _said("HTTP/1.1 407 x\nContent-Length: 0\n\n"),
    "511": _said("HTTP/1.1 511 x\nContent-Length: 0\n\n"),
    "an escape sequence": _said("HTTP/1.1 302 x\nLocation: http://evil/\x1b[2J\xe9\nContent-Length: 0\n\n"),
}
