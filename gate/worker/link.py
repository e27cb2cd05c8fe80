"""The worker process's end of its link to the daemon.

Imports little: it is loaded before the worker's own libraries.
"""

import ctypes
import json
import os
import queue
import signal
import sys
import threading
from typing import Any, NoReturn

from gate.logs import set_up_child
from gate.worker.codec import CodecError, Failed, Loading
from gate.worker.program import Program
from gate.worker.stderr import lead_nowhere

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LONGEST_WORDS = 500  # characters of an error or a hint


class Link:
    """The link to the parent only: the process ends when the parent does, whatever it is busy with, and leaves
    Ctrl-C and SIGTERM to the parent."""

    def __init__(self, program: Program) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        set_up_child()
        self._program = program
        self._out = os.dup(1)
        lead_nowhere(1)  # a library's print there would be taken for a message
        self._lock = threading.Lock()
        self._inbox: queue.Queue[Any] = queue.Queue()
        self.settings: dict[str, Any] = self._first_line()
        self._listening = False
        self.send(Loading())

    def send(self, message: object) -> None:
        """Send one message of the program to the parent.  From any thread.

        Waits while the parent takes none.  Raises CodecError for a message beyond the limits."""
        line = self._program.sends.encode(message)
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._out, line) :]
            except BrokenPipeError:
                os._exit(0)

    def receive(self, within: float | None = None) -> Any | None:
        """Return the next message from the parent; None when there was none within `within` seconds.

        The first call starts a thread: call `gate.worker.confine.give_up` before it."""
        if not self._listening:
            self._listening = True
            threading.Thread(target=self._listen, name="link", daemon=True).start()
        try:
            return self._inbox.get(timeout=within)
        except queue.Empty:
            return None

    def fail(self, what: str, hint: str) -> NoReturn:
        """Report that the device cannot be opened, and end: the parent raises DeviceError with these words."""
        self.send(Failed(what[:_LONGEST_WORDS], hint[:_LONGEST_WORDS]))
        os._exit(0)

    def end(self) -> NoReturn:
        """Leave at once, whatever other threads do."""
        os._exit(0)

    def _first_line(self) -> dict[str, Any]:
        line = sys.stdin.buffer.readline()
        if not line:
            os._exit(0)
        settings: dict[str, Any] = json.loads(line)
        return settings

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            try:
                self._inbox.put(self._program.receives.decode(line))
            except CodecError:
                break
        os._exit(0)  # the parent is gone, or is another process
