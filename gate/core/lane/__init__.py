"""The lane as a pure machine: its `events`, its `state`, one `step`, and the `effects` that follow.

Seconds are monotonic.  Nothing here reads a clock or a device."""
