"""The doctor's checks of the board: supply voltage, throttling, temperature.

A Raspberry Pi's firmware reports them as the bits of `get_throttled`; those from 16 on hold since the last boot
(https://www.raspberrypi.com/documentation/computers/os.html, "get_throttled").
"""

from collections.abc import Iterator
from contextlib import suppress

from gate.doctor.examined import ExaminedGate, text_of
from gate.doctor.lines import CheckLine, Mark

_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"  # hexadecimal
_ALARMS = "sys/class/hwmon/hwmon*/in0_lcrit_alarm"  # rpi_volt: 1 since the voltage was too low once
_ZONES = "sys/class/thermal/thermal_zone*"
_UNDERVOLTAGE = 1 << 0
_SLOWED = {
    1 << 1: "the processor's clock is bounded",
    1 << 2: "the processor is throttled",
    1 << 3: "the limit of heat is near",
}
_SINCE_BOOT = 16  # bits to the left
_WARM, _HOT = 70.0, 80.0
"""Degrees Celsius: a Raspberry Pi slows down from 80 on; below 70 there is room for a summer's day."""


def power(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check the supply voltage, now and since the last boot."""
    bits = throttled_bits(examined)
    alarms = [text_of(path) for path in examined.root.glob(_ALARMS)]
    raised = "1" in alarms
    if bits is None and not raised and (not alarms or any(alarm != "0" for alarm in alarms)):
        advice = "Measure the supply at the board: 4.75 V or more while the relay and the camera work"
        yield CheckLine("power", Mark.UNKNOWN, "this computer does not report its supply voltage", advice)
        return
    advice = "Use the board's own 5 V supply and a short cable: cameras and cards fail first"
    if bits is not None and bits & _UNDERVOLTAGE:
        yield CheckLine("power", Mark.FAIL, "the supply voltage is too low now", advice)
    elif raised or (bits is not None and bits & _UNDERVOLTAGE << _SINCE_BOOT):
        yield CheckLine("power", Mark.FAIL, "the supply voltage was too low since the last boot", advice)
    else:
        yield CheckLine("power", Mark.PASS, "the supply voltage was never too low since the last boot")


def throttling(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check whether the board slows its processor down."""
    bits = throttled_bits(examined)
    if bits is None:
        found = "this computer does not report whether it slows down"
        yield CheckLine("throttling", Mark.UNKNOWN, found, "On a Raspberry Pi: `vcgencmd get_throttled`, as root")
        return
    advice = "Give it air, a heat sink or a fan, and its own 5 V supply"
    now = [what for bit, what in _SLOWED.items() if bits & bit]
    before = [what for bit, what in _SLOWED.items() if bits & bit << _SINCE_BOOT]
    if now:
        yield CheckLine("throttling", Mark.WARN, f"{', '.join(now)} now", advice)
    elif before:
        yield CheckLine("throttling", Mark.WARN, f"since the last boot: {', '.join(before)}", advice)
    else:
        yield CheckLine("throttling", Mark.PASS, "the processor was not slowed down since the last boot")


def temperature(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check the temperature of the hottest part that reports it."""
    degrees = []
    for zone in examined.root.glob(_ZONES):
        with suppress(OSError, ValueError):  # a zone that is switched off has no value
            degrees.append(int((zone / "temp").read_text()) / 1000)
    if not degrees:
        advice = "Feel the case after an hour of work"
        yield CheckLine("temperature", Mark.UNKNOWN, "this computer does not report its temperature", advice)
        return
    found = f"{max(degrees):.0f} degrees Celsius"
    if max(degrees) >= _WARM:
        state = Mark.FAIL if max(degrees) >= _HOT else Mark.WARN
        advice = "Give it air, a heat sink or a fan, and shade: it slows down from 80 on"
        yield CheckLine("temperature", state, found, advice)
    else:
        yield CheckLine("temperature", Mark.PASS, found)


def throttled_bits(examined: ExaminedGate) -> int | None:
    """Return the firmware's bits; None where there is no such firmware, or this account may not ask it."""
    text = examined.text(_THROTTLED)
    if text is None:
        text = (examined.run(("vcgencmd", "get_throttled")) or "").strip().removeprefix("throttled=")
    try:
        return int(text, 16)
    except ValueError:
        return None
