"""The roles of the people who work at a gate, as a configuration names them."""

from enum import StrEnum


class StaffRole(StrEnum):
    """What a person may do at the desk, in the widest sense.  The lane decides each order by it."""

    GUARD = "guard"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
