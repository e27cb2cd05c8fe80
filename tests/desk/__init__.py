"""The pages of staff: the process over loopback, before a lane that tests play."""
