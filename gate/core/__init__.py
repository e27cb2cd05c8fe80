"""The model and the rules of decisions.  Pure: no clock, no I/O, no logging."""
