"""A worker process that speaks lines of JSON: the end of the daemon that started it.

For native code that may hang or crash (cameras, decoders) or keep the interpreter busy.  The other
end is `drivers._shared.child_link`.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from gate.errors import DeviceError

_STARTED_WITHIN = 30.0  # seconds: Python and its libraries, from a slow card
_LEAST = 0.1  # seconds: what arrived while the loop was busy is still taken
_REAPED_WITHIN = 2.0  # seconds: a process stuck in the kernel is left to the kernel

_ENVIRONMENT = {  # libraries read these once, when they are loaded
    "PYTHONUTF8": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "LIBCAMERA_LOG_LEVELS": "*:FATAL",
    # Pictures come and go in megabytes, on several threads: one heap, and what is free goes back to the kernel.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}

Message = dict[str, Any]


class Child:
    """Ends when told to, when its parent ends, or by itself; never left behind as a zombie."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - `start` asks for both
        assert process.stdout is not None  # noqa: S101 - as above
        self._name = name
        self._process = process
        self._to = process.stdin
        self._from = process.stdout

    @classmethod
    async def start(cls, name: str, module: str, settings: Mapping[str, object]) -> Self:
        """`python -m module`, with `settings` as its first line (not as arguments: those are public).

        Returns when the module is loaded.  `name` is how messages call the device.  Raises DeviceError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-X", "faulthandler", "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is for the parent alone
            env=os.environ | _ENVIRONMENT,
        )
        child = cls(name, process)
        try:
            child.send(settings)
            await child.receive(_STARTED_WITHIN)
        except TimeoutError:
            await child.stop()
            raise DeviceError(
                f"{name}: its worker process did not start within {_STARTED_WITHIN:.0f} s",
                hint="Look for a damaged card or a busy processor with `gate doctor`",
            ) from None
        except BaseException:
            await child.stop()
            raise
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Mapping[str, object]) -> None:
        """Returns at once.  To a child that has ended it does nothing: `receive` tells."""
        self._to.write(json.dumps(message).encode() + b"\n")

    async def receive(self, within: float) -> Message:
        """The next message, awaited for at most so many seconds.

        Raises DeviceError when the child reports one or ends, TimeoutError when it says nothing."""
        async with asyncio.timeout(max(within, _LEAST)):
            line = await self._from.readline()
        if not line.endswith(b"\n"):
            raise await self._ended()
        message: Message = json.loads(line)
        if "error" in message:
            raise DeviceError(message["error"], hint=message["hint"])
        return message

    async def stop(self) -> None:
        """Kill and reap.  The kill itself happens before anything is awaited."""
        with suppress(ProcessLookupError):
            self._process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAPED_WITHIN):
                await self._process.communicate()
        await asyncio.sleep(0)  # lets asyncio close its transport

    async def _ended(self) -> DeviceError:
        await self.stop()
        return DeviceError(
            f"{self._name}: its worker process ended by itself (exit code {self._process.returncode})",
            hint="The log above may say why; it is started again by itself",
        )
