"""zbar has the last word on a rectify symbol, and only where its word is exact."""

import numpy as np
import pytest
import segno

from drivers.decoders import recovery
from drivers.decoders.detect.zbar import decode_with_zbar
from drivers.decoders.rectify.perspective import square_corners
from drivers.decoders.symbols import Grey, Symbol


def drawn(text: str | bytes) -> tuple[Grey, Symbol]:
    code = segno.make_qr(text)
    modules = np.array([[not dark for dark in row] for row in code.matrix], np.uint8) * 255
    grey = np.pad(modules, 4, constant_values=255).repeat(4, axis=0).repeat(4, axis=1)
    size = len(code.matrix)
    return grey, Symbol(square_corners(size), size)


@pytest.mark.parametrize("text", ["AQ1: BLANKS STAY  ", "https://example.org/a"])
def test_a_text_in_ascii_comes_back_exactly(text: str) -> None:
    assert decode_with_zbar(drawn(text)[0]) == [text]


@pytest.mark.parametrize("content", ["Қазақстан", "é".encode("latin-1")])
def test_a_text_that_it_guessed_is_not_believed(content: str | bytes) -> None:
    assert decode_with_zbar(drawn(content)[0]) == []


def test_it_is_asked_where_soft_decoding_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    grey, symbol = drawn("AQ1:A PASS")
    monkeypatch.setattr(recovery, "read_in_rounds", lambda *_, **__: iter(()))
    found = recovery.recover_first([recovery.SymbolRecovery(grey, symbol)])
    assert (found.texts, found.decoded_by) == (("AQ1:A PASS",), "zbar")
