"""The supervisor of a device's task: a lost device is opened again, for ever, and its state is reported.

A DeviceError is the expected failure and heals, and so does any refusal by the operating system (OSError: no
descriptors, no memory, no processes left).  Any other exception is a defect and propagates: the whole lane ends,
the barrier locks and systemd restarts the daemon.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gate.errors import DeviceError
from gate.logs import Log, naming

FIRST_WAIT = 0.5  # seconds
LONGEST_WAIT = 5.0
STEADY_AFTER = 10.0  # seconds of running after which the waits start small again

log = Log()


def _refused(why: str) -> DeviceError:
    return DeviceError(
        f"the operating system refuses it: {why}",
        hint="Look at memory, open files and processes of this computer; it is tried again by itself",
    )


def as_device_error(error: DeviceError | OSError) -> DeviceError:
    """Return the error as the device's own: a refusal by the operating system is no defect of the lane."""
    return error if isinstance(error, DeviceError) else _refused(error.strerror or type(error).__name__)


async def keep_running(name: str, run: Callable[[], Awaitable[None]], report: Callable[[str], None]) -> None:
    """Keep a device running.  `run` opens the device, calls `report` with "" when it is well, and works with it;
    `report` gets the problem when it is lost.  Returns when `run` returns by itself (a recording that ended)."""
    with naming(name):
        await _keep_running(name, run, report)


async def _keep_running(name: str, run: Callable[[], Awaitable[None]], report: Callable[[str], None]) -> None:
    wait, reported = FIRST_WAIT, ""
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
            if "can't start new thread" not in str(error):  # Python's words for EAGAIN
                raise
            problem = str(_refused(str(error)))
        else:
            return
        if loop.time() - started > STEADY_AFTER:
            wait, reported = FIRST_WAIT, ""
        if problem != reported:  # each new problem once, not at every attempt
            log.error(problem, device=name)
            reported = problem
        report(problem)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
