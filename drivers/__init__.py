"""Drivers of devices, found by name through entry points: one module each, in the folder of its kind."""
