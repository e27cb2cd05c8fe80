"""zbar has the last word on a straightened symbol, and only where its word is exact."""

import numpy as np
import pytest
import segno

from drivers.decoders import recovery as resisting
from drivers.decoders.detect.zxing import Grey, Located, square_corners, zbar_texts


def drawn(text: str | bytes) -> tuple[Grey, Located]:
    code = segno.make_qr(text)
    modules = np.array([[not dark for dark in row] for row in code.matrix], np.uint8) * 255
    grey = np.pad(modules, 4, constant_values=255).repeat(4, axis=0).repeat(4, axis=1)
    size = len(code.matrix)
    return grey, Located(square_corners(size), size)


@pytest.mark.parametrize("text", ["AQ1: BLANKS STAY  ", "https://example.org/a"])
def test_a_text_in_ascii_comes_back_exactly(text: str) -> None:
    assert zbar_texts(drawn(text)[0]) == [text]


@pytest.mark.parametrize("content", ["Қазақстан", "é".encode("latin-1")])
def test_a_text_that_it_guessed_is_not_believed(content: str | bytes) -> None:
    assert zbar_texts(drawn(content)[0]) == []


def test_it_is_asked_where_a_symbol_resists(monkeypatch: pytest.MonkeyPatch) -> None:
    grey, symbol = drawn("AQ1:A PASS")
    monkeypatch.setattr(resisting, "restored_texts", lambda *_, **__: [])
    found = resisting.last_looks([resisting.Resisting(grey, symbol)])
    assert (found.texts, found.step) == (("AQ1:A PASS",), "zbar")
