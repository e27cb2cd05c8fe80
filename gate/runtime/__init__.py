"""The daemon's surroundings: clock, bus, supervisor, systemd."""
