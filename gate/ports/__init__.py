"""The ports: what a driver must implement, with units, errors and threading."""
