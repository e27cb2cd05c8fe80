"""The doctor: checks whether a device is fit to guard a lane."""
