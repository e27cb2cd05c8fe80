"""Picture files of any content: bounded memory and time, one line for what is refused, no library's exception."""

import io
import os
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from drivers.decoders import image_file, still, still_regions, still_state
from drivers.decoders.detect import zxing
from drivers.decoders.detect.finder_count import is_crowded
from drivers.decoders.detect.zbar import decode_with_zbar
from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.failures import failures
from drivers.decoders.file_decoder import FileDecoder
from drivers.decoders.image_file import load_grey
from drivers.decoders.live import LiveReader
from drivers.decoders.still import read_still
from drivers.decoders.symbols import Grey
from gate.cli.read import read
from gate.errors import PictureError
from tests.commands.inside import invoke
from tests.contract.camera_rigs import drawn


def saved(folder: Path, name: str, kind: str, mode: str = "RGB", **options: object) -> Path:
    path = folder / name
    Image.fromarray(drawn("HELLO")).convert(mode).save(path, kind, **options)
    return path


def png(wide: int, high: int, rows: bytes = b"") -> bytes:
    """Greyscale, whatever its rows are."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def with_size(data: bytes, at: int, form: str, *sides: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *sides)
    return bytes(changed)


def refused(path: Path) -> str:
    with pytest.raises(PictureError) as caught:
        load_grey(path)
    said = str(caught.value)
    assert str(path) in said
    assert "\n" not in said
    assert caught.value.hint
    return said


def finders(side: int, scale: int = 1) -> Grey:
    """`side` times `side` finder patterns."""
    one = np.full((8, 8), 255, np.uint8)
    one[:7, :7], one[1:6, 1:6], one[2:5, 2:5] = 0, 255, 0
    return np.tile(one, (side, side)).repeat(scale, axis=0).repeat(scale, axis=1)


# Sizes


def lying(folder: Path) -> dict[str, bytes]:
    """Files whose header speaks of more than 50 megapixels."""
    sof = (jpeg := saved(folder, "a.jpg", "JPEG").read_bytes()).index(b"\xff\xc0")
    return {
        "png": png(20_000, 20_000),
        "png with rows": png(30_000, 30_000, bytes(30_001 * 3000)),
        "wide png": png(70_000, 10, bytes(70_001 * 10)),
        "high png": png(10, 70_000, bytes(11 * 70_000)),
        "largest png": png(2**31 - 1, 2**31 - 1),
        "jpeg": with_size(jpeg, sof + 5, ">HH", 65_000, 65_000),
        "bmp": with_size(saved(folder, "a.bmp", "BMP").read_bytes(), 18, "<ii", 40_000, 40_000),
        "bmp, top down": with_size(saved(folder, "a.bmp", "BMP").read_bytes(), 18, "<ii", 40_000, -40_000),
        "webp": with_size(saved(folder, "a.webp", "WEBP").read_bytes(), 26, "<HH", 16_383, 16_383),
        "lossless webp": with_size(saved(folder, "b.webp", "WEBP", lossless=True).read_bytes(), 21, "<I", 0x0FFFFFFF),
        "pgm": b"P5 60000 60000 255\n" + bytes(100),
        "plain ppm": b"P3 60000 60000 255\n" + b"1 2 3 " * 100,
    }


def test_a_size_that_is_too_large_is_refused_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = lying(tmp_path)
    monkeypatch.setattr(image_file, "_grey", lambda _: pytest.fail("unpacked"))
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        assert "at most 50 megapixels" in refused(tmp_path / name), name


def tiff(folder: Path, wide: int, high: int) -> bytes:
    """Its tags ImageWidth and ImageLength changed."""
    data = saved(folder, "a.tif", "TIFF", "L").read_bytes()
    shape = drawn("HELLO").shape
    for tag, old, new in ((256, shape[1], wide), (257, shape[0], high)):
        for kind, form in ((3, "<HHIHH"), (4, "<HHII")):
            there = struct.pack(form, tag, kind, 1, old, *([0] if kind == 3 else []))
            data = data.replace(there, struct.pack("<HHII", tag, 4, 1, new))
    return data


def test_a_tiff_that_claims_more_than_it_has(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(tiff(tmp_path, 100_000, 100_000))
    assert "at most 50 megapixels" in refused(tmp_path / "large")
    (tmp_path / "less").write_bytes(tiff(tmp_path, 7000, 7000))
    assert "damaged, or not whole" in refused(tmp_path / "less")
    (tmp_path / "strips").write_bytes(tiff(tmp_path, drawn("HELLO").shape[1], 60_000))  # rows that no strip holds
    assert "damaged, or not whole" in refused(tmp_path / "strips")


def test_a_jpeg_that_claims_more_than_it_has(tmp_path: Path) -> None:
    data = saved(tmp_path, "a.jpg", "JPEG", "L").read_bytes()
    high, wide = drawn("HELLO").shape
    (tmp_path / "wide").write_bytes(data.replace(struct.pack(">HH", high, wide), struct.pack(">HH", high, 65_000)))
    assert "damaged, or not whole" in refused(tmp_path / "wide")
    white = tmp_path / "white.jpg"
    Image.new("L", (4000, 3000), 255).save(white, progressive=True, optimize=True, quality=1)
    assert load_grey(white).shape == (3000, 4000)  # no real picture has fewer bytes


MEASURED = """if True:
    import resource, sys, time
    from pathlib import Path
    from drivers.decoders.file_decoder import FileDecoder
    from gate.errors import PictureError
    decoder = FileDecoder()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in sys.argv[1:]:
        try:
            decoder.read_file(Path(name))
        except PictureError:
            pass
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def peak_mb(*paths: Path) -> int:
    """What reading them takes beyond the libraries."""
    command = [sys.executable, "-c", MEASURED, *map(str, paths)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Whatever the header says, and for the largest picture that is taken."""
    paths = []
    for name, data in lying(tmp_path).items():
        (tmp_path / name).write_bytes(data)
        paths.append(tmp_path / name)
    assert peak_mb(*paths) < 60
    clear = np.zeros((7000, 7000, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "clear.png", compress_level=1)
    assert peak_mb(tmp_path / "clear.png") < 450
    Image.fromarray(clear[:4900, :5000]).save(tmp_path / "clear.webp", lossless=True, method=0)
    assert peak_mb(tmp_path / "clear.webp") < 450


def test_few_bytes_that_ask_for_much_work(tmp_path: Path) -> None:
    scans = io.BytesIO()
    Image.new("L", (4000, 4000), 200).save(scans, "JPEG", progressive=True)
    data = scans.getvalue()
    last = data.rindex(b"\xff\xda")
    (tmp_path / "scans.jpg").write_bytes(data[:last] + data[last:-2] * 200 + b"\xff\xd9")
    assert "too many scans" in refused(tmp_path / "scans.jpg")
    header = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 1200, 0, 0, 1078, 40, 7000, 7000, 1, 8, 1, 100, 0, 0, 256, 0)
    (tmp_path / "packed.bmp").write_bytes(header + bytes(1024) + b"\0\0" * 50)
    assert "compressed, and large" in refused(tmp_path / "packed.bmp")


# What it is


def boxed(*brands: bytes) -> bytes:
    return struct.pack(">I", 12 + 4 * len(brands)) + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(99)


KINDS = {
    "iPhone's HEIC": boxed(b"heic", b"mif1", b"heic"),
    "HEIC": boxed(b"mif1", b"heic"),
    "HEIF": boxed(b"msf1", b"msf1"),
    "AVIF": boxed(b"avif", b"mif1"),
    "AVIF ": boxed(b"mif1", b"avif"),
    "RAW": boxed(b"crx ", b"isom"),
    "video": boxed(b"isom", b"mp42"),
    "a video": boxed(b"qt  ", b"qt  "),
    "a video ": b"\x1a\x45\xdf\xa3" + bytes(99),
    "video ": b"RIFF\0\0\0\0AVI LIST" + bytes(99),
    "PDF": b"%PDF-1.7\n" + bytes(99),
    "PDF ": b"\n\n%PDF-1.7\n" + bytes(99),
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "SVG ": b"\xef\xbb\xbf<svg></svg>",
    "web page": b"<!DOCTYPE html><html>",
    "GIF": b"GIF89a" + bytes(99),
    "JPEG XL": b"\xff\x0a" + bytes(99),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99),
    "RAW ": b"FUJIFILMCCD-RAW 0201" + bytes(99),
    "text of a code": b"AQ1:ABC",
    "this is text": "не картинка".encode(),
    "ZIP": b"PK\x03\x04" + bytes(99),
    "Photoshop": b"8BPS" + bytes(99),
    "not a picture": bytes(range(1, 120)),
}


@pytest.mark.parametrize("says", KINDS)
def test_what_is_read_by_others_is_named(tmp_path: Path, says: str) -> None:
    path = tmp_path / "IMG_0002.jpg"
    path.write_bytes(KINDS[says])
    assert says.strip() in refused(path)


def test_a_cameras_raw_picture_is_named(tmp_path: Path) -> None:
    saved(tmp_path, "a.dng", "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    assert "RAW" in refused(tmp_path / "a.dng")


def test_what_is_no_regular_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "this is a pipe" in refused(tmp_path / "pipe.png")
    assert "this is a directory" in refused(tmp_path)
    assert "this is a device" in refused(Path("/dev/zero"))
    assert "name" in refused(tmp_path / ("x" * 300)).lower()
    with pytest.raises(PictureError, match="null"):
        load_grey(Path("a\0b"))
    listed = invoke(read, [str(tmp_path / "pipe.png"), "/dev/full"])
    assert (listed.exit_code, listed.stderr.count("\n")) == (1, 2)


def test_a_directory_names_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "IMG_0001.HEIC").write_bytes(KINDS["HEIC"])
    result = invoke(read, [str(tmp_path)])
    assert result.exit_code == 1
    assert "HEIC" in result.stderr


def test_of_several_pages_the_first_is_read(tmp_path: Path) -> None:
    pages = [Image.fromarray(drawn(text)) for text in ("ONE", "TWO", "THREE")]
    for name, kind in (("a.tif", "TIFF"), ("a.png", "PNG"), ("a.webp", "WEBP")):
        pages[0].convert("RGB").save(tmp_path / name, kind, save_all=True, append_images=pages[1:], lossless=True)
        assert FileDecoder().read_file(tmp_path / name).texts == ("ONE",)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16", "I", "F", "CMYK", "LAB"])
def test_every_kind_of_pixel_is_read(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(drawn("HELLO"))
    wide = Image.fromarray(drawn("HELLO").astype(np.uint16) * 257)
    picture = (
        wide if mode == "I;16" else picture.convert("RGB").convert(mode) if mode == "LAB" else picture.convert(mode)
    )
    picture.save(tmp_path / "a.tif")
    assert FileDecoder().read_file(tmp_path / "a.tif").texts == ("HELLO",)


# A crowd of patterns


@pytest.mark.parametrize(("side", "scale"), [(250, 1), (250, 2), (128, 3), (700, 1)])
def test_a_crowd_of_finder_patterns_takes_no_more_than_any_picture(side: int, scale: int) -> None:
    grey = finders(side, scale)
    assert is_crowded(grey)
    before = resource.getrusage(resource.RUSAGE_SELF)
    read_still(grey)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 5  # 6 to 40 s without the bound; 0.3 s with it


def test_pictures_of_codes_are_no_crowd() -> None:
    sheet = np.tile(drawn("HELLO", "WORLD"), (4, 6))
    assert not is_crowded(sheet)
    noise = np.random.default_rng(1).integers(0, 256, (3000, 4000)).astype(np.uint8)
    assert not is_crowded(noise)


def test_a_code_in_a_crowd_beyond_the_bound_is_read_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The halved picture is looked at, and the corners are those of the whole one."""
    grey = np.pad(drawn("HELLO"), ((0, 1000), (0, 1000)), constant_values=120)
    plain = detect_and_decode(grey)
    monkeypatch.setattr(zxing, "is_crowded", lambda picture: picture.size > 10**6)
    halved = detect_and_decode(grey)
    assert halved.texts == plain.texts == ("HELLO",)
    assert np.abs(halved.symbols[0].corners - plain.symbols[0].corners).max() < 3


def test_the_steps_of_a_still_end(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640)).astype(np.uint8)
    ran: list[str] = []

    def note(name: str, _: float, __: object) -> None:
        ran.append(name)

    still.read_still(noise, note)
    assert len(ran) > 5
    ran.clear()
    monkeypatch.setattr(still, "BUDGET", 0.0)
    still.read_still(noise, note)
    assert ran == ["first look"]


# Exceptions of libraries


def test_a_structured_append_is_no_exception() -> None:
    """pyzbar raises ValueError: it knows no orientation of such a symbol."""
    before = failures.total()
    for code in segno.make_sequence("AQ1:" + "A" * 60, symbol_count=3):
        modules = np.array([[not dark for dark in row] for row in code.matrix], np.uint8) * 255
        grey = np.pad(modules, 4, constant_values=255).repeat(4, axis=0).repeat(4, axis=1)
        assert isinstance(decode_with_zbar(grey), list)
        harmed = np.asarray(cv2.GaussianBlur(grey, (0, 0), 3.5), np.uint8)
        read_still(harmed)
        LiveReader().read(harmed)
    assert failures.total() >= before


def test_whatever_a_library_raises_is_nothing_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object, **__: object) -> None:
        raise ValueError("103 is not a valid ZBarOrientation")

    grey, before = drawn("HELLO"), failures.total()
    with monkeypatch.context() as patch:
        patch.setattr(pyzbar, "decode", raising)
        assert decode_with_zbar(grey) == []
    with monkeypatch.context() as patch:
        patch.setattr(zxingcpp, "read_barcodes", raising)
        for found in (read_still(grey), LiveReader().read(grey)):
            assert found.decoded_by in ("", "soft decode", "dewarp", "zbar")  # which have no need of it
    with monkeypatch.context() as patch:
        patch.setattr(still_state, "busy_regions", raising)
        patch.setattr(still_regions, "_regions_beside", raising)
        assert read_still(grey).texts == ("HELLO",)  # by the step before
    assert failures.total() > before + 3
