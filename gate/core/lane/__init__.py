"""The lane as a pure machine: what happens to it (`events`), what it is (`state`), how it goes on (`step`),
and what is to be done about it (`effects`).  Seconds are monotonic; nothing here reads a clock or a device."""
