"""Opening of a lane's store, for as long as it takes.

A disk that is full or read-only at the start is a fault that the page shows and staff can mend.  It is no reason
for the lane to end."""

import asyncio
from collections.abc import Callable

from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.reason import Reason
from gate.errors import FinalStoreError, StoreError
from gate.lane.judge import Watched
from gate.lane.outlet import Outlet
from gate.lane.staff_judge import StaffJudge
from gate.lane.writer import Writer
from gate.logs import Log
from gate.ports.clock import TrustedClock

log = Log(part="lane")

RETRY = 2  # seconds between two attempts
NO_STORE = OrderRefusal(
    OrderCode.STORAGE_FAILED,
    f"{Reason.STORAGE_FAILED}: nothing can be recorded, so nothing opens. Open the door by its key. See the log",
)
"""The answer to staff until then."""
_DEVICE = ("lane.db", "store")  # name and driver


async def open_store(
    writer: Writer,
    open_judge: Callable[[], StaffJudge],
    clock: TrustedClock,
    outlet: Outlet,
    ping: Callable[[], None],
) -> tuple[StaffJudge, Watched]:
    """Open the store; the page shows why it cannot be opened, as for a device.  Raises FinalStoreError."""
    problem = ""
    while True:
        try:
            judge, watched = await writer.do(lambda: _begun(open_judge, clock.now()))
        except FinalStoreError:
            raise
        except StoreError as error:
            if str(error) != problem:
                problem = str(error)
                log.error(problem)
                outlet.device(*_DEVICE, problem)
        else:
            if problem:
                log.info("the store can be opened again")
                outlet.device(*_DEVICE, "")
            return judge, watched
        for _ in range(RETRY):
            await asyncio.sleep(1)
            ping()


def _begun(open_judge: Callable[[], StaffJudge], at: float) -> tuple[StaffJudge, Watched]:
    judge = open_judge()
    try:
        return judge, judge.begin(at)
    except BaseException:
        judge.abandon()
        raise
