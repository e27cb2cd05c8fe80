"""Reed-Solomon decoding of a block of codewords over GF(256), with errors and erasures.

The steps: syndromes; the errata locator by Berlekamp and Massey, initialised with the erasures (Blahut, "Algebraic
Codes for Data Transmission", 2003, chapter 7); its roots by trying all places (Chien); magnitudes by Forney.  An error
takes two error correction codewords, an erasure (a codeword known to be doubtful) one.  Libraries that read QR codes
correct errors alone.
"""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint8]

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


def correct(words: Words, ecc: int, erased: npt.NDArray[np.intp]) -> Words | None:
    """Return the codeword sequence nearest to `words`, of which the last `ecc` are for error correction.

    Returns `words` itself when nothing is wrong, None when no sequence is within reach.  `erased`: places that count
    as unknown, at most `ecc`."""
    syndromes = _syndromes(words, ecc)
    if not any(syndromes):
        return words
    last = len(words) - 1
    locator = _locator(syndromes, [last - int(place) for place in erased])
    errors = len(locator) - 1
    if 2 * (errors - len(erased)) + len(erased) > ecc:
        return None
    exponents = np.arange(len(words))
    roots = np.flatnonzero(_evaluate(locator, -exponents) == 0)
    if len(roots) != errors:
        return None
    fixed = words.copy()
    fixed[last - roots] ^= _magnitudes(syndromes, locator, roots)
    return None if any(_syndromes(fixed, ecc)) else fixed


def _syndromes(words: Words, ecc: int) -> list[int]:
    """Return the values at powers 0 to `ecc` - 1: all 0 where nothing is wrong."""
    exponents = np.arange(len(words) - 1, -1, -1)
    terms = _POWER[(_LOG[words] + np.outer(np.arange(ecc), exponents)) % 255]
    return [int(value) for value in np.bitwise_xor.reduce(np.where(words, terms, 0), axis=1)]


def _locator(syndromes: list[int], erased: list[int]) -> list[int]:
    """Return the errata locator by Berlekamp and Massey, initialised with the erasures: lowest power first, no zeros
    at the end."""
    locator = [1]
    for exponent in erased:
        locator = _plus_scaled([*locator, 0], [0, *locator], _POWERS[exponent])
    known = length = len(erased)
    helper = locator
    for step in range(known, len(syndromes)):
        gap = 0
        for factor, value in zip(locator, syndromes[step::-1], strict=False):
            gap ^= _TIMES[factor][value]
        helper = [0, *helper]
        if gap:
            longer = _plus_scaled(locator, helper, gap)
            if 2 * length <= step + known:
                by = _TIMES[_POWERS[255 - _LOGS[gap]]]
                helper = [by[factor] for factor in locator]
                length = step + known + 1 - length
            locator = longer
    while len(locator) > 1 and not locator[-1]:
        locator.pop()
    return locator


def _magnitudes(syndromes: list[int], locator: list[int], roots: npt.NDArray[np.intp]) -> Words:
    """Return the value to add at each root, by Forney's formula."""
    values = [0] * len(syndromes)
    for power, factor in enumerate(locator):
        if factor:
            for at, value in enumerate(syndromes[: len(syndromes) - power]):
                values[at + power] ^= _TIMES[factor][value]
    slope = [factor if power % 2 else 0 for power, factor in enumerate(locator)][1:] or [0]
    above, below = _evaluate(values, -roots), _evaluate(slope, -roots)
    quotient = _POWER[(_LOG[above] + roots - _LOG[below]) % 255]
    return np.where((above > 0) & (below > 0), quotient, 0).astype(np.uint8)


def _evaluate(polynomial: list[int], exponents: npt.NDArray[np.intp]) -> Words:
    factors = np.array(polynomial, np.uint8)
    terms = _POWER[(_LOG[factors][:, None] + np.outer(np.arange(len(factors)), exponents)) % 255]
    return np.asarray(np.bitwise_xor.reduce(np.where(factors[:, None], terms, 0), axis=0), np.uint8)


def _plus_scaled(one: list[int], other: list[int], factor: int) -> list[int]:
    by = _TIMES[factor]
    head = [mine ^ by[its] for mine, its in zip(one, other, strict=False)]
    return head + one[len(head) :] + [by[its] for its in other[len(head) :]]
