"""The serial ports of this computer, and their numbers of USB."""

from dataclasses import dataclass
from pathlib import Path

_LINKS = ("serial/by-path", "serial/by-id")  # names that survive replugging, the one that no two devices share first

NUMATO = 0x2A19  # vendors of USB: Numato Systems
SCANNERS = {0x0C2E: ("honeywell", "a Honeywell scanner"), 0x1EAB: ("newland", "a Newland scanner")}


@dataclass(frozen=True, slots=True)
class SerialPlace:
    """A serial port of USB."""

    path: str  # a name that survives replugging, where udev made one
    title: str  # as the device names itself
    vendor: int  # of USB
    product: int


def serial_places(dev: Path = Path("/dev")) -> list[SerialPlace]:
    """Return the serial ports on USB, in the order of their names.  Opens none of them."""
    from serial.tools.list_ports import comports

    names: dict[str, str] = {}
    for folder in _LINKS:
        for link in sorted((dev / folder).glob("*")):
            names.setdefault(str(link.resolve()), str(link))
    return sorted(
        (
            SerialPlace(names.get(port.device, port.device), port.product or port.description, port.vid, port.pid or 0)
            for port in comports()
            if port.vid is not None
        ),
        key=lambda place: place.path,
    )
