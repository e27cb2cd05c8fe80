"""Drivers of barriers: relays, turnstiles, door controllers; and the clients of their protocols."""
