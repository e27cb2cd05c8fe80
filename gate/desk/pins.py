"""PINs: digits that only their owner knows, kept as argon2id hashes in the configuration.

libsodium's argon2id, which every gate carries; its text form is that of the reference implementation.
"""

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

from gate.errors import UsageError

SHORTEST, LONGEST = 6, 12  # digits: five tries in five minutes are 1,440 a day of a million
ROUNDS, MEMORY = 3, 32 * 2**20
"""Passes over so many bytes: more than OWASP's least for argon2id (2 over 19 MiB), and 0.1 to 0.4 s on a Pi 4."""

_NOBODY = "$argon2id$v=19$m=32768,t=3,p=1$U2HMT0iXO7mQ2dhbHaW7Kg$n9C1y5D6m1k0m3m0m3m0m3m0m3m0m3m0m3m0m3m0m3k"


def hash_pin(pin: str) -> str:
    """Return the hash of a PIN, with a salt of its own.  Raises UsageError for what is no PIN."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise UsageError("this is no PIN", hint=f"Give {SHORTEST} to {LONGEST} digits")
    if len(set(pin)) == 1 or pin in "01234567890123456789" or pin in "98765432109876543210":
        raise UsageError("this PIN is among the first that anybody tries", hint="Choose digits without an order")
    return argon2id.str(pin.encode(), opslimit=ROUNDS, memlimit=MEMORY).decode()


def is_pin_of(pin: str, pin_hash: str | None) -> bool:
    """Return whether a PIN is that of a hash; None: of nobody, which takes the same time.  Blocks."""
    try:
        return argon2id.verify((pin_hash or _NOBODY).encode(), pin.encode()[:64]) and pin_hash is not None
    except InvalidkeyError:
        return False
