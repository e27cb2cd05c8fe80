"""Suites that any driver can be held to, and builders of values, for driver authors."""
