"""Reading picture files: the decoder, and `gate read` over it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
import zxingcpp

from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.file_decoder import FileDecoder
from drivers.decoders.preprocess import LIVE
from drivers.decoders.still import read_still
from drivers.readers.camera_worker import image_folder
from gate import registry
from gate.cli import read as read_module
from gate.cli.read import read
from gate.errors import PictureError
from gate.worker.stderr import silenced
from tests.commands.inside import invoke
from tests.commands.process import run_gate
from tests.contract.camera_rigs import BLANK, Picture, drawn, put
from tests.unit.decoders.qr_pictures import with_time

PASS = "AQ1:" + "6BF%L2 $*+-./:ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" * 4


def photograph(text: str, seed: int, harm: Callable[[Picture], Picture] = lambda picture: picture) -> Picture:
    """The code in the middle of a wall, held at an angle, under uneven light, with a sensor's noise."""
    random = np.random.default_rng(seed)
    code = drawn(text, scale=3)[20:, 20:]
    height, width = BLANK.shape
    wall = np.full((height, width), 120, np.uint8)
    side = int(np.flatnonzero((code != 120).any(axis=0)).max()) + 1
    top, left = (height - side) // 2, (width - side) // 2
    wall[top : top + side, left : left + side] = code[:side, :side]
    corners = np.array([(left, top), (left + side, top), (left + side, top + side), (left, top + side)], np.float32)
    held = corners + random.uniform(-0.08, 0.08, (4, 2)).astype(np.float32) * side
    turned = cv2.getRotationMatrix2D((width / 2, height / 2), float(random.uniform(0, 360)), 1.1)
    held = np.asarray(cv2.transform(held[None], turned)[0], np.float32)
    way = cv2.getPerspectiveTransform(corners, held)
    picture = cv2.warpPerspective(wall, way, (width, height), flags=cv2.INTER_AREA, borderValue=120)
    light = np.linspace(0.6, 1.1, width)[None] + random.normal(0, 0.02, (height, width))
    return harm(np.clip(picture * light, 0, 255).astype(np.uint8))


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.6), np.uint8)


def faint(picture: Picture) -> Picture:
    return (100 + picture * 0.12).astype(np.uint8)


def inverted(picture: Picture) -> Picture:
    return (255 - picture).astype(np.uint8)


def upside_down(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[::-1])  # mirrored, as by a camera behind a mirror


@pytest.mark.parametrize(
    "text",
    ["AQ1: TWO BLANKS AT THE END  ", " A BLANK AT THE START", PASS, "Қош келдіңіз, Әсел!", "two\r\nlines\r\n", "\t"],
)
def test_every_letter_arrives(tmp_path: Path, text: str) -> None:
    reading = FileDecoder().read_file(put(tmp_path, "code.png", text))
    assert reading.texts == (text,)
    assert reading.decoder == "zxing-cpp"
    assert reading.ms > 0


def test_all_codes_in_a_picture_each_once(tmp_path: Path) -> None:
    reading = FileDecoder().read_file(put(tmp_path, "codes.png", "ONE", "TWO", "ONE", "THREE"))
    assert sorted(reading.texts) == ["ONE", "THREE", "TWO"]


def test_a_binary_payload_gives_some_text(tmp_path: Path) -> None:
    segno.make_qr(bytes(range(256)), mode="byte").save(str(tmp_path / "bytes.png"), scale=4)
    [text] = FileDecoder().read_file(tmp_path / "bytes.png").texts
    assert len(text) >= 128


@pytest.mark.parametrize("harm", [lambda picture: picture, blurred, faint, inverted, upside_down])
def test_photographs_are_read(harm: Callable[[Picture], Picture]) -> None:
    read_ones = [read_still(photograph(PASS, seed, harm)).texts == (PASS,) for seed in range(8)]
    assert sum(read_ones) >= 7


def test_all_steps_read_no_less_than_zxing() -> None:
    pictures = [photograph(PASS, seed, blurred) for seed in range(8)]
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
    plain = [bool(zxingcpp.read_barcodes(picture, formats=formats)) for picture in pictures]
    whole = [bool(read_still(picture).texts) for picture in pictures]
    assert sum(whole) >= max(sum(plain), 7)
    assert not any(first and not all_steps for first, all_steps in zip(plain, whole, strict=True))


def test_a_symbol_that_was_only_located_gets_a_second_look() -> None:
    """Small and out of focus: zxing-cpp finds where it is and cannot correct it."""
    steps = set()
    for sigma in (1.0, 1.2, 1.4):
        for text in ("AQ1:" + "A1 B2/C3" * size for size in range(8, 40, 2)):
            picture = cv2.GaussianBlur(drawn(text, scale=3), (0, 0), sigma)
            found = detect_and_decode(np.asarray(picture, np.uint8))
            steps.add(found.decoded_by)
            assert found.texts in ((), (text,))
    assert "second look" in steps


def test_nothing_is_read_where_there_is_nothing() -> None:
    random = np.random.default_rng(3)
    checks = (np.indices((480, 640)).sum(axis=0) // 6 % 2 * 255).astype(np.uint8)
    letters = BLANK.copy()
    for row in range(30, 480, 30):
        cv2.putText(letters, "ASHYQ GATE 0123456789 ENTRY EXIT", (5, row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0,), 2)
    noise = [random.integers(0, 256, (480, 640)).astype(np.uint8) for _ in range(3)]
    slivers = [np.zeros(shape, np.uint8) for shape in ((1, 1), (1, 100), (3, 3), (22, 9000))]
    for picture in (BLANK, checks, letters, *noise, *slivers):
        found = read_still(picture)
        assert found.texts == ()
        assert found.decoded_by == ""


def test_a_live_reader_reads_an_inverted_code_within_a_round_of_its_steps() -> None:
    reader = with_time()
    assert ("HELLO",) in [reader.read(inverted(drawn("HELLO"))).texts for _ in LIVE]
    assert reader.read(drawn("HELLO")).decoded_by == "zxing-cpp"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".bmp"])
@pytest.mark.parametrize("channels", ["grey", "colour"])
def test_kinds_of_picture(tmp_path: Path, suffix: str, channels: str) -> None:
    picture = drawn("HELLO")
    file = tmp_path / f"code{suffix}"
    assert cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if channels == "colour" else picture)
    assert FileDecoder().read_file(file).texts == ("HELLO",)


def test_transparent_deep_and_large_pictures(tmp_path: Path) -> None:
    picture = drawn("HELLO")
    clear = np.zeros((*picture.shape, 4), np.uint8)
    clear[:, :, 3] = np.where(picture < 100, 255, 0)  # black ink on nothing
    cv2.imwrite(str(tmp_path / "clear.png"), clear)
    cv2.imwrite(str(tmp_path / "deep.png"), picture.astype(np.uint16) * 257)
    large = np.full((3000, 4000), 120, np.uint8)
    large[1000:1480, 1000:1640] = inverted(picture)  # so that the variants run, too
    cv2.imwrite(str(tmp_path / "large.png"), large)
    for name in ("clear", "deep", "large"):
        assert FileDecoder().read_file(tmp_path / f"{name}.png").texts == ("HELLO",)


def unreadable(folder: Path) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    whole = put(folder, "whole.png", "HELLO").read_bytes()
    (folder / "whole.png").unlink()
    contents = {
        "empty.png": b"",
        "text.png": b"not a picture at all\n" * 50,
        "half.png": whole[: len(whole) // 2],
        "holed.png": whole[:200] + bytes(100) + whole[300:],
        "head.jpg": b"\xff\xd8\xff\xe0" + bytes(300),
        "short.bmp": b"BM" + bytes(60),
        "short.tif": b"II*\0\x08\0\0\0" + bytes(20),
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / "folder.png").mkdir()
    names = [*contents, "folder.png", "missing.png"]
    return {name: folder / name for name in names}


def test_what_is_no_picture_is_said_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    decoder = FileDecoder()
    for path in unreadable(tmp_path / "pictures").values():
        with pytest.raises(PictureError) as caught:
            decoder.read_file(path)
        assert str(path) in caught.value.what
        assert caught.value.hint
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""  # libpng and others write there by themselves


def test_quiet_is_for_the_block_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with silenced():
        os.write(2, b"native noise\n")
    os.write(2, b"a message\n")
    assert capfd.readouterr().err == "a message\n"


def test_the_registered_decoder_reads_files() -> None:
    assert isinstance(registry.decoder(), FileDecoder)


# gate read


def test_read_gives_a_row_a_picture_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    put(tmp_path, "c.PNG", "THIRD ")
    put(tmp_path / "b", "two.jpg", "ONE", "TWO")
    put(tmp_path, "a.png")
    (tmp_path / "notes.txt").write_text("no picture")
    result = invoke(read, [str(tmp_path), "--json"])
    assert result.exit_code == 0
    assert result.stderr == ""
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["file"] for row in rows] == [str(tmp_path / name) for name in ("a.png", "b/two.jpg", "c.PNG")]
    assert [sorted(row["texts"]) for row in rows] == [[], ["ONE", "TWO"], ["THIRD "]]
    assert [row["decoder"] for row in rows] == ["", "zxing-cpp", "zxing-cpp"]
    assert all(set(row) == {"file", "texts", "decoder", "ms"} and row["ms"] > 0 for row in rows)


def test_read_for_people(tmp_path: Path) -> None:
    put(tmp_path, "one.png", "HELLO \x1b[31m\nWORLD")
    put(tmp_path, "two.png", "A", "B")
    put(tmp_path, "none.png")
    result = invoke(read, [str(tmp_path)])
    none, one, *two = result.stdout.splitlines()
    assert none.endswith(" ms  -")
    assert one.endswith(r" ms  HELLO \x1b[31m\nWORLD")  # a code must not command the terminal
    assert [line.split()[-1] for line in two] == ["A", "B"]


def test_read_goes_on_after_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    bad = unreadable(tmp_path / "bad")
    good = put(tmp_path, "good.png", "HELLO")
    names = [*(str(path) for name, path in bad.items() if name != "folder.png"), str(good)]
    result = run_gate("read", "--json", *names)
    assert result.returncode == 1
    assert json.loads(result.stdout)["texts"] == ["HELLO"]
    lines = result.stderr.splitlines()
    assert len(lines) == len(names) - 1
    assert all(any(name in line for line in lines) for name in names[:-1])


def test_read_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert invoke(read, []).exit_code == 2
    missing = invoke(read, [str(tmp_path / "missing.png")])
    assert missing.exit_code == 1
    assert missing.stdout == ""
    assert missing.stderr == f"gate: {tmp_path}/missing.png: there is no such file or directory. Check the name\n"
    empty = invoke(read, [str(tmp_path / "empty")])
    assert empty.exit_code == 1
    assert "holds no pictures" in empty.stderr


def test_a_directory_and_a_folder_camera_know_the_same_pictures() -> None:
    assert read_module.SUFFIXES == image_folder.SUFFIXES
