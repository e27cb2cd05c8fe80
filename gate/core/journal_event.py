"""The events of the journal's rows.  The words are stored: none is ever renamed or given another meaning."""

from enum import StrEnum


class JournalEvent(StrEnum):
    """The kind of a journal row."""

    DECISION = "decision"  # a pass, or an order of staff to let somebody in
    PASSAGE = "passage"  # the end of a grant, or a person seen without one
    REX = "rex"  # the request-to-exit button
    EXTENDED = "extended"  # more time for a person
    FIRE = "fire"
    RESET = "reset"  # by staff
    MODE = "mode"  # a standing order was given or taken back
    SCHEDULE = "schedule"  # another mode by the calendar
    ALARM = "alarm"  # begins or ends
    CONTACT = "contact"  # sticks or chatters, or no longer does
    STAFF = "staff"  # signed in, locked out, checked a person
    GIVEN_BACK = "given_back"  # a use, by staff; `grant` names the decision
    OCCUPANCY = "occupancy"  # the count of people inside was corrected
    GATE = "gate"  # started, stopped
    CLOCK = "clock"
    STORE = "store"  # lane.db was restored
    JOURNAL = "journal"  # checkpoints, segments, keys
    LOSS = "loss"  # of the journal
    DEVICE = "device"  # lost or back; `reader` names it
    LIST = "list"  # another list, or another grade of its age
    PAGE = "page"  # of the visitors: well or failing
    ACCEPTANCE = "acceptance"  # of the gate by its customer; `detail`: SHA-256 of the record
    SYNC = "sync"  # of the lists: well or failing
