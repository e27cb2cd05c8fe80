"""A relay on loopback between a client and an HTTP server: it counts the bytes that pass, both ways."""

import socket
from threading import Lock, Thread
from urllib.parse import urlsplit

PIECE = 1 << 16


class Relay:
    """A counting relay.  Use as a context manager."""

    def __init__(self, address: str) -> None:
        """Listen.  `address`: of the server, http://HOST:PORT."""
        parts = urlsplit(address)
        self._server = (parts.hostname or "", parts.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._accept, name="relay", daemon=True)
        self._lock = Lock()
        self._bytes = self._connections = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def counted(self) -> tuple[int, int]:
        """Return bytes and connections since the last call."""
        with self._lock:
            counted = self._bytes, self._connections
            self._bytes = self._connections = 0
        return counted

    def __enter__(self) -> "Relay":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(self._server)
            with self._lock:
                self._connections += 1
            for ends in ((client, server), (server, client)):
                Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(PIECE):
                with self._lock:
                    self._bytes += len(piece)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # one of the two hung up
            pass
