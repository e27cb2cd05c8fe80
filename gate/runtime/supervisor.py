"""Keeps a device's task running: a lost device is opened again, for ever, and its state is told.

A DeviceError is the expected failure and heals, and so does whatever the operating system refuses (OSError: no
descriptors, no memory, no processes left).  Any other exception is a defect and goes up, so that the whole lane
ends, the barrier locks and systemd starts us afresh.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gate.errors import DeviceError
from gate.logs import Log, naming

FIRST_WAIT = 0.5  # seconds
LONGEST_WAIT = 5.0
WELL_AFTER = 10.0  # seconds of running after which the waits start small again

log = Log()


def _refused(why: str) -> DeviceError:
    return DeviceError(
        f"the operating system refuses it: {why}",
        hint="Look at memory, open files and processes of this computer; it is tried again by itself",
    )


def as_device_error(error: DeviceError | OSError) -> DeviceError:
    """What the operating system refuses to a device is the device's failure, not a defect of the lane."""
    return error if isinstance(error, DeviceError) else _refused(error.strerror or type(error).__name__)


async def keep_running(name: str, run: Callable[[], Awaitable[None]], tell: Callable[[str], None]) -> None:
    """`run` opens the device, tells "" when it is well, and works with it; `tell` then hears what is
    wrong when it is lost.  Returns when `run` returns of itself (a recording that ended)."""
    with naming(name):
        await _keep_running(name, run, tell)


async def _keep_running(name: str, run: Callable[[], Awaitable[None]], tell: Callable[[str], None]) -> None:
    wait, told = FIRST_WAIT, ""
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await run()
        except DeviceError as error:
            problem = str(error)
        except OSError as error:
            problem = str(as_device_error(error))
        except RuntimeError as error:
            if "can't start new thread" not in str(error):  # what Python makes of EAGAIN
                raise
            problem = str(_refused(str(error)))
        else:
            return
        if loop.time() - started > WELL_AFTER:
            wait, told = FIRST_WAIT, ""
        if problem != told:  # once for each new problem, not at every attempt
            log.error(problem, device=name)
            told = problem
        tell(problem)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
