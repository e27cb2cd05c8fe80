"""The drawn code is the text, whichever way it is drawn."""

import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gate.authority import pictures
from gate.authority.authority import Authority
from gate.authority.wallet import Wallet
from gate.core.model import Status
from gate.errors import GateError, UsageError
from gate.passes.aq1_encode import credential_text
from tests.qr_codes import read_qr_codes

START = 1_800_000_000


@pytest.fixture
def plain(tmp_path: Path) -> str:
    authority = Authority.create(tmp_path / "authority", at=START)
    authority.add_issuer("ashyq", at=START)
    return credential_text(authority.issue("ashyq", 13_275_532, Status.GREEN, START))


@pytest.fixture
def presentation(tmp_path: Path) -> str:
    authority = Authority.create(tmp_path / "authority-2", at=START)
    authority.add_issuer("ashyq", at=START)
    wallet = Wallet.create()
    wallet.hold(authority.issue("ashyq", 13_275_532, Status.GREEN, START, holder=wallet.holder_public))
    return wallet.present(START)


def read(picture: NDArray[np.uint8]) -> str:
    (text,) = read_qr_codes(picture)
    return text


def load(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.mark.parametrize("paper", [False, True])
@pytest.mark.parametrize("kind", ["plain", "presentation"])
def test_a_png_reads_back_exactly(kind: str, paper: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(kind)
    pictures.draw_png(text, tmp_path / "code.png", paper=paper)
    picture = load(tmp_path / "code.png")
    assert read(picture) == text
    scale = pictures.PAPER_SCALE if paper else pictures.PHONE_SCALE
    assert picture.shape[0] == scale * (len(pictures.modules(text, paper=paper)) + 2 * pictures.BORDER)


def test_blanks_at_either_end_survive(tmp_path: Path) -> None:
    text = "AQ1: A B  C "
    pictures.draw_png(text, tmp_path / "code.png", scale=3)
    assert read(load(tmp_path / "code.png")) == text


def test_codes_stay_small(plain: str, presentation: str) -> None:
    def version(text: str, paper: bool) -> int:
        return int(pictures.code(text, paper=paper).version)

    assert version(plain, paper=False) <= 8
    assert version(plain, paper=True) <= 9
    assert version(presentation, paper=False) <= 13
    assert pictures.code(plain).mode == "alphanumeric"
    assert pictures.code(plain, paper=True).error in ("M", "Q", "H")


def test_modules_are_the_code_without_its_border(plain: str) -> None:
    dark = pictures.modules(plain)
    assert dark.dtype == np.bool_
    assert dark.shape == (17 + 4 * int(pictures.code(plain).version),) * 2
    assert dark[0, :8].tolist() == [True] * 7 + [False]  # the finder pattern and what sets it apart
    assert read(from_modules(dark)) == plain


def test_a_terminal_shows_dark_on_light_whatever_its_colours(plain: str) -> None:
    drawn = pictures.terminal(plain)
    lines = drawn.splitlines()
    assert all(line.startswith("\x1b[38;5;231;48;5;16m") and line.endswith("\x1b[0m") for line in lines)
    halves = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}  # light above, light below
    rows = [[halves[sign] for sign in re.sub(r"\x1b\[[0-9;]*m", "", line)] for line in lines]
    light = np.array([half for row in rows for half in zip(*row, strict=True)], dtype=np.bool_)
    assert read(from_modules(~light)) == plain


def test_an_svg_has_a_white_ground_and_the_size_it_should(plain: str, tmp_path: Path) -> None:
    pictures.draw_svg(plain, tmp_path / "code.svg", scale=2)
    root = ElementTree.parse(tmp_path / "code.svg").getroot()  # noqa: S314 - we drew it
    side = 2 * (len(pictures.modules(plain)) + 2 * pictures.BORDER)
    assert root.attrib["width"] == root.attrib["height"] == str(side)
    paths = [element for element in root.iter() if element.tag.endswith("path")]
    assert [path.attrib.get("fill") for path in paths] == ["#fff", None]  # the ground, then the code


@pytest.mark.parametrize("text", ["AQ1:" + "A" * 4300, "aq1:lower", ""])
def test_what_is_no_pass_is_not_drawn(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not fit a QR code"):
        pictures.draw_png(text, tmp_path / "code.png")
    assert not (tmp_path / "code.png").exists()


def test_a_folder_that_is_missing_is_named(plain: str, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="cannot write"):
        pictures.draw_png(plain, tmp_path / "none" / "code.png")


def from_modules(dark: NDArray[np.bool_]) -> NDArray[np.uint8]:
    padded = np.pad(dark, pictures.BORDER)
    return np.where(np.kron(padded, np.ones((4, 4), np.bool_)), 0, 255).astype(np.uint8)
