"""The configuration file: its model, its faults, its reference."""
