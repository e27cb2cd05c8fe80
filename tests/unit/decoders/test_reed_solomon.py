"""Reed-Solomon decoding gives what another implementation gives, within its reach and beyond."""

import numpy as np
import pytest
import reedsolo

from drivers.decoders.qr.reed_solomon import Places, Words, correct, correct_by_trials

MODULUS = 0x11D
ECC = (7, 10, 13, 15, 16, 17, 18, 20, 22, 24, 26, 28, 30)  # of the symbols of ISO/IEC 18004
LONGEST = 120  # codewords of data in a block: 118 in the largest


def harmed(random: np.random.Generator) -> tuple[Words, int, Places]:
    """A block with errors and erasures, often more than can be corrected; its error correction codewords."""
    ecc = int(random.choice(ECC))
    data = random.integers(0, 256, int(random.integers(1, LONGEST)), np.uint8)
    words = np.frombuffer(bytes(reedsolo.rs_encode_msg(bytearray(data.tobytes()), ecc, fcr=0)), np.uint8).copy()
    erased = random.permutation(len(words))[: int(random.integers(0, ecc + 1)) * int(random.integers(0, 2))]
    errors = random.permutation(len(words))[: int(random.integers(0, (ecc - len(erased)) // 2 + 3))]
    words[erased] = random.integers(0, 256, len(erased), np.uint8)
    words[errors] ^= random.integers(1, 256, len(errors), np.uint8)
    if random.random() < 0.1:
        words = random.integers(0, 256, len(words), np.uint8)
    return words, ecc, erased


def by_another(words: Words, ecc: int, erased: Places) -> bytes | None:
    try:
        message, check, _ = reedsolo.rs_correct_msg(
            bytearray(words.tobytes()), ecc, fcr=0, erase_pos=[int(place) for place in erased]
        )
    except reedsolo.ReedSolomonError:
        return None
    fixed = np.frombuffer(bytes(message + check), np.uint8)
    errors = np.setdiff1d(np.flatnonzero(fixed != words), erased)
    # Beyond the reach it returns what it finds by chance.
    return fixed.tobytes() if 2 * len(errors) + len(erased) <= ecc else None


@pytest.mark.parametrize("blocks", [1000, pytest.param(4_000, marks=pytest.mark.slow)])
def test_it_is_exact(blocks: int) -> None:
    reedsolo.init_tables(MODULUS)
    random = np.random.default_rng(blocks)
    found = 0
    for _ in range(blocks):
        words, ecc, erased = harmed(random)
        mine, its = correct(words, ecc, erased), by_another(words, ecc, erased)
        assert (None if mine is None else mine.tobytes()) == its
        found += mine is not None
    assert 0.4 * blocks < found < 0.9 * blocks


def test_the_first_trial_that_finds_one_counts() -> None:
    reedsolo.init_tables(MODULUS)
    random = np.random.default_rng(3)
    for _ in range(200):
        words, ecc, _ = harmed(random)
        doubtful = random.permutation(len(words))
        trials = [count for count in (0, 4, 8, 16) if count <= min(ecc, len(words))]
        alone = (correct(words, ecc, doubtful[:count]) for count in trials)
        first = next((found for found in alone if found is not None), None)
        together = correct_by_trials(words, ecc, doubtful, trials)
        assert (together is None) == (first is None)
        assert together is None or (together == first).all()


def test_slack_stays_unused() -> None:
    reedsolo.init_tables(MODULUS)
    random = np.random.default_rng(4)
    data = random.integers(0, 256, 40, np.uint8)
    whole = np.frombuffer(bytes(reedsolo.rs_encode_msg(bytearray(data.tobytes()), 16, fcr=0)), np.uint8)
    for errors, slack in ((6, 4), (8, 0)):
        places = random.permutation(len(whole))
        for more in (0, 1):
            words = whole.copy()
            words[places[: errors + more]] ^= 0x55
            fixed = correct_by_trials(words, 16, places[::-1], (0,), slack)
            assert (fixed is None) == bool(more)
            assert fixed is None or (fixed == whole).all()
