"""What a row of the journal records.  The words are stored: none is ever renamed or given another meaning."""

from enum import StrEnum


class JournalEvent(StrEnum):
    DECISION = "decision"  # a pass, or an order of staff to let somebody in
    PASSAGE = "passage"  # how a grant ended, or somebody seen without one
    REX = "rex"  # the request-to-exit button
    EXTENDED = "extended"  # more time for a person
    FIRE = "fire"
    RESET = "reset"  # by staff
    MODE = "mode"  # a standing order was given or taken back
    SCHEDULE = "schedule"  # another mode by the calendar
    ALARM = "alarm"  # begins, or is over
    CONTACT = "contact"  # sticks or chatters, or does so no longer
    OCCUPANCY = "occupancy"  # the count of people inside was corrected
    GATE = "gate"  # started, stopped
    CLOCK = "clock"
    STORE = "store"  # lane.db was written again
    JOURNAL = "journal"  # checkpoints, segments, keys
    LOSS = "loss"  # of the journal
