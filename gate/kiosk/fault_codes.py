"""Short codes of faults, for the strip that stands in public.  config/README.md has what each means, and a test holds
the two together: a code is never given to another fault."""

from gate.core.lane.modes import Alarm
from gate.core.reason import Reason

ALARM_CODES: dict[Alarm, str] = {
    Alarm.HELD_OPEN_SOON: "E11",
    Alarm.HELD_OPEN: "E12",
    Alarm.FORCED_OPEN: "E13",
    Alarm.UNABLE_TO_LOCK: "E14",
    Alarm.UNABLE_TO_UNLOCK: "E15",
    Alarm.TAMPER: "E16",
    Alarm.JOURNAL_LOST: "E17",
    Alarm.SENSOR_SILENT: "E18",
    Alarm.CONTACT_FAULT: "E19",
}

DEVICE_CODES: dict[str, str] = {
    "reader": "E21",
    "barrier": "E22",
    "input": "E23",
    "list": "E24",
}
"""By the kind of a device, as "reader" of "reader[0]"."""

OTHER_DEVICE = "E29"

REASON_CODES: dict[Reason, str] = {
    Reason.LIST_MISSING: "E31",
    Reason.LIST_EXPIRED: "E32",
    Reason.CLOCK_BEHIND: "E33",
    Reason.CLOCK_UNTRUSTED: "E34",
    Reason.RULES_MISSING: "E35",
    Reason.STORAGE_FAILED: "E36",
    Reason.DEVICE_FAILED: "E37",
    Reason.ALLOW_LIST_MISSING: "E38",
    Reason.ALLOW_LIST_EXPIRED: "E39",
}
"""Faults of the gate: a visitor reads that it cannot check, and the code says why."""


def device_code(device: str) -> str:
    """Return the code of a device that is lost, named as "reader[0]"."""
    return DEVICE_CODES.get(device.partition("[")[0], OTHER_DEVICE)
