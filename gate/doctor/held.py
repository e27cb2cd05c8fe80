"""The devices that a running lane holds: the doctor leaves them alone and reports the lane's answer.

Opening a barrier a second time would lock it while a person passes.
"""

from collections.abc import Iterator

from gate.doctor.examined import ExaminedGate, LaneBeside, Running
from gate.doctor.lines import CheckLine, Mark, dropped_line
from gate.registry import Fitted, examiner

_MOST_PROBLEMS = 8  # that the lane's answer holds (gate.lane.staff.status)
_AS_ROOT = "Call it as root: `sudo gate doctor`"
_SEE_LOG = "See the log: `journalctl -u gate`"
_TO_MEASURE = "Stop the lane to measure it: `systemctl stop gate`, then `gate doctor --camera`"


def held_lines(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Yield the lane's state, and a line for each device from its answer."""
    lane, fitted = examined.lane, examined.fitted
    barrier = (fitted.barrier,) if fitted.barrier else ()
    devices = (*fitted.readers, *barrier, *fitted.inputs, *fitted.feedback)
    if lane.running is not Running.YES:
        yield _unasked(lane)
        for device in devices:
            yield CheckLine(device.name, Mark.UNKNOWN, "it was left alone: a lane may hold it", _AS_ROOT)
        return
    yield _lane(examined)
    for device in devices:
        yield _device(examined, device)
        for drop in lane.answer.get("dropped", {}).get(device.name, ()):  # a lane of an earlier release has no count
            yield dropped_line(device.name, drop["what"], drop["count"], drop["advice"] or _SEE_LOG)


def picture_lines(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Yield a line for each camera whose picture a running lane keeps from being measured."""
    for reader in examined.fitted.readers:
        if examiner(reader.spec.name) is not None:
            found = "the running lane holds the camera: its picture is not measured"
            yield CheckLine(reader.name, Mark.UNKNOWN, found, _TO_MEASURE)


def _unasked(lane: LaneBeside) -> CheckLine:
    if lane.running is Running.SILENT:
        found = f"it runs (process {lane.pid}) and does not answer"
        return CheckLine("lane", Mark.FAIL, found, f"If it has just started, ask again. {_SEE_LOG}")
    return CheckLine("lane", Mark.UNKNOWN, "this account may not ask whether one runs", _AS_ROOT)


def _lane(examined: ExaminedGate) -> CheckLine:
    answer = examined.lane.answer
    found = f"it runs: phase {answer['phase']}, mode {answer['mode']}"
    if answer["orders"]:
        found += f", by order {', '.join(answer['orders'])}"
    if stuck := [*answer["alarms"], *answer["contacts"]]:
        advice = "See `gate lane status`; `gate lane reset` resets an alarm that is over"
        return CheckLine("lane", Mark.FAIL, f"{found}; alarms: {', '.join(stuck)}", advice)
    return CheckLine("lane", Mark.PASS, found)


def _device(examined: ExaminedGate, device: Fitted) -> CheckLine:
    answer = examined.lane.answer
    problems = answer["problems"]
    if device.name in problems:
        what, _, advice = problems[device.name].partition(". ")
        return CheckLine(device.name, Mark.FAIL, what, advice or _SEE_LOG)
    if device.name in answer["missing"]:
        return CheckLine(device.name, Mark.FAIL, "the running lane does not have it", _SEE_LOG)
    if len(problems) >= _MOST_PROBLEMS:
        advice = "Mend those that are named, and ask again"
        return CheckLine(device.name, Mark.UNKNOWN, "the lane has more problems than it names", advice)
    if device.spec.simulated:
        advice = "It moves nothing real: name the driver of your device"
        return CheckLine(device.name, Mark.WARN, f"{device.spec.name} answers the running lane", advice)
    return CheckLine(device.name, Mark.PASS, f"{device.spec.name} answers the running lane")
