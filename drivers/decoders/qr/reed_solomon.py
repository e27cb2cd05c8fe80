"""Reed-Solomon decoding of a block of codewords over GF(256), with errors and erasures.

The steps: syndromes; the erasures' share is divided out of them (Forney syndromes); the error locator by the
reformulated inversionless algorithm of Berlekamp and Massey (RiBM: Sarwate and Shanbhag, "High-speed architectures for
Reed-Solomon decoders", IEEE Trans. VLSI 9, 2001); its roots by trying all places (Chien); magnitudes by Forney.  An
error takes two error correction codewords, an erasure (a codeword known to be doubtful) one.  Libraries that read QR
codes correct errors alone.

RiBM holds locator and discrepancies in one polynomial, which every iteration scales, shifts and adds.  As bytes that
is a look-up by `bytes.translate` and one XOR of whole numbers, a microsecond each; a hopeless block ends there, at a
tenth of the time that it took element by element.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]

_MODULUS = 0x11D  # x^8 + x^4 + x^3 + x^2 + 1 (ISO/IEC 18004:2015, 7.5.2)


def _tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    logs, powers = np.zeros(256, np.int16), np.zeros(510, np.uint8)
    value = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        value = value << 1 ^ (_MODULUS if value & 0x80 else 0)
    return logs, powers


_LOG, _POWER = _tables()
_LOGS, _POWERS = _LOG.tolist(), _POWER.tolist()  # single look-ups are faster in lists
_TIMES = [  # every factor times every value
    bytes(_POWERS[_LOGS[factor] + _LOGS[value]] if factor and value else 0 for value in range(256))
    for factor in range(256)
]


def correct(words: Words, ecc: int, erased: Places) -> Words | None:
    """Return the codeword sequence nearest to `words`, of which the last `ecc` are for error correction.

    Returns `words` itself when nothing is wrong, None when no sequence is within reach.  `erased`: places that count
    as unknown, at most `ecc`."""
    return correct_by_trials(words, ecc, erased, (len(erased),))


def correct_by_trials(words: Words, ecc: int, doubtful: Places, trials: Iterable[int], slack: int = 0) -> Words | None:
    """Return the first codeword sequence that one of the trials finds, as `correct` does.

    `doubtful`: places, the least certain first.  `trials`: how many of them count as unknown, each number larger than
    the one before.  `slack`: error correction codewords that must stay unused."""
    syndromes = _syndromes(words, ecc)
    if not any(syndromes):
        return words
    last = len(words) - 1
    erasures: list[int] = []  # exponents of the places
    forney = syndromes  # the syndromes times the locator of the erasures, modulo x^ecc
    for count in trials:
        for place in doubtful[len(erasures) : count].tolist():
            forney = _xor(forney, b"\0" + forney[:-1].translate(_TIMES[_POWERS[last - place]]))
            erasures.append(last - place)
        locator = _error_locator(forney[count:], (ecc - count - slack) // 2)
        if locator is not None and (fixed := _fixed(words, syndromes, forney, locator, erasures)) is not None:
            return fixed
    return None


@cache
def _exponents(length: int, ecc: int) -> npt.NDArray[np.int16]:
    """Return the exponents of all places at every power, below 255."""
    return np.asarray(np.outer(np.arange(ecc), np.arange(length - 1, -1, -1)) % 255, np.int16)


def _syndromes(words: Words, ecc: int) -> bytes:
    """Return the values at powers 0 to `ecc` - 1: all 0 where nothing is wrong."""
    terms = _POWER[_LOG[words] + _exponents(len(words), ecc)]
    return bytes(np.bitwise_xor.reduce(np.where(words, terms, 0), axis=1))


def _error_locator(sequence: bytes, most: int) -> bytes | None:
    """Return the shortest recurrence of the sequence, lowest power first, None where it is longer than `most`."""
    if most < 0:
        return None
    count = len(sequence)
    # Behind the discrepancies, and out of their reach while the recurrence is short enough, stands the locator.
    delta = sequence + bytes(count // 2) + b"\1" + bytes(count // 2)
    theta, gamma, balance = delta, 1, 0
    for _ in range(count):
        discrepancy = delta[0]
        delta = delta[1:] + b"\0"
        if discrepancy:
            shifted = delta
            delta = _xor(delta.translate(_TIMES[gamma]), theta.translate(_TIMES[discrepancy]))
            if balance >= 0:
                theta, gamma, balance = shifted, discrepancy, -balance - 1
                continue
        balance += 1
    length = (count - balance) // 2
    if length > most:
        return None
    locator = delta[count // 2 : count // 2 + length + 1]
    return locator if locator[-1] else None


def _fixed(words: Words, syndromes: bytes, forney: bytes, locator: bytes, erasures: list[int]) -> Words | None:
    """Return the words without their errors and erasures, None where the locator has too few roots."""
    roots = np.flatnonzero(_evaluate(locator, -np.arange(len(words))) == 0)
    if len(roots) != len(locator) - 1 or not set(roots.tolist()).isdisjoint(erasures):
        return None
    values = _product(forney, locator, len(syndromes))  # the evaluator of errors and erasures
    for exponent in erasures:
        locator = _xor(locator + b"\0", b"\0" + locator.translate(_TIMES[_POWERS[exponent]]))
    at = np.concatenate([roots, np.array(erasures, np.intp)])
    fixed = words.copy()
    fixed[len(words) - 1 - at] ^= _magnitudes(values, locator, at)
    return None if any(_syndromes(fixed, len(syndromes))) else fixed


def _magnitudes(values: bytes, locator: bytes, roots: Places) -> Words:
    """Return the value to add at each root, by Forney's formula."""
    slope = bytes(factor if power % 2 else 0 for power, factor in enumerate(locator))[1:] or b"\0"
    above, below = _evaluate(values, -roots), _evaluate(slope, -roots)
    quotient = _POWER[(_LOG[above] + roots - _LOG[below]) % 255]
    return np.where((above > 0) & (below > 0), quotient, 0).astype(np.uint8)


def _evaluate(polynomial: bytes, exponents: Places) -> Words:
    """Return its values at powers of the generator."""
    factors = np.frombuffer(polynomial, np.uint8)
    terms = _POWER[(_LOG[factors][:, None] + np.outer(np.arange(len(factors)), exponents)) % 255]
    return np.asarray(np.bitwise_xor.reduce(np.where(factors[:, None], terms, 0), axis=0), np.uint8)


def _product(one: bytes, other: bytes, length: int) -> bytes:
    """Return the lowest coefficients of a product of polynomials."""
    total = bytes(length)
    for power, factor in enumerate(other[:length]):
        if factor:
            total = _xor(total, bytes(power) + one[: length - power].translate(_TIMES[factor]))
    return total


def _xor(one: bytes, other: bytes) -> bytes:
    """Add two polynomials of one length."""
    return (int.from_bytes(one, "little") ^ int.from_bytes(other, "little")).to_bytes(len(one), "little")
