"""Names of file kinds by their first bytes, so that a person knows what to do with a file.

Sources: the `file` command's magic database, ISO/IEC 14496-12 (brands), ISO/IEC 23008-12 (HEIF).
"""

import re

HEAD = 4096  # bytes that are examined
READ_BY_US = "Give a PNG, JPEG, WebP, TIFF or BMP picture"

_AS_PICTURE = "Export it as JPEG or PNG"
_FRAME = "Save the frame with the code as JPEG or PNG"

_BRANDS = {  # of an ISO base media file, by the first three letters
    b"hei": ("an iPhone's HEIC picture", "Export it as JPEG; the camera's setting Most Compatible takes JPEG at once"),
    b"hev": ("an iPhone's HEIC picture", "Export it as JPEG; the camera's setting Most Compatible takes JPEG at once"),
    b"mif": ("a HEIF picture", _AS_PICTURE),
    b"msf": ("a HEIF picture", _AS_PICTURE),
    b"avi": ("an AVIF picture", _AS_PICTURE),
    b"crx": ("a camera's RAW picture", _AS_PICTURE),
}
_BEGINNINGS = (
    (b"%PDF", "a PDF document", "Save the page with the code as PNG, or photograph it"),
    (b"%!PS", "a PostScript document", "Save the page with the code as PNG"),
    (b"GIF8", "a GIF picture", "Save it as PNG"),
    (b"\xff\x0a", "a JPEG XL picture", _AS_PICTURE),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", _AS_PICTURE),
    (b"\0\0\0\x0cjP", "a JPEG 2000 picture", _AS_PICTURE),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture", _AS_PICTURE),
    (b"8BPS", "a Photoshop document", _AS_PICTURE),
    (b"gimp xcf", "a GIMP document", _AS_PICTURE),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture", _AS_PICTURE),
    (b"#?RADIANCE", "a Radiance picture", _AS_PICTURE),
    (b"\0\0\x01\0", "an icon", "Save it as PNG"),
    (b"FUJIFILMCCD-RAW", "a camera's RAW picture", _AS_PICTURE),
    (b"IIRO", "a camera's RAW picture", _AS_PICTURE),
    (b"IIRS", "a camera's RAW picture", _AS_PICTURE),
    (b"MMOR", "a camera's RAW picture", _AS_PICTURE),
    (b"IIU\0", "a camera's RAW picture", _AS_PICTURE),
    (b"FOVb", "a camera's RAW picture", _AS_PICTURE),
    (b"\0MRM", "a camera's RAW picture", _AS_PICTURE),
    (b"\x1a\x45\xdf\xa3", "a video", _FRAME),
    (b"FLV\x01", "a video", _FRAME),
    (b"\0\0\x01\xba", "a video", _FRAME),
    (b"\0\0\x01\xb3", "a video", _FRAME),
    (b"\x30\x26\xb2\x75", "a video", _FRAME),
    (b"OggS", "a video or a sound", _FRAME),
    (b"PK\x03\x04", "a ZIP archive or an office document", "Take the picture out of it"),
    (b"Rar!", "an archive", "Take the picture out of it"),
    (b"7z\xbc\xaf\x27\x1c", "an archive", "Take the picture out of it"),
    (b"\x1f\x8b", "a compressed file", "Unpack it"),
    (b"\xd0\xcf\x11\xe0", "an office document", "Take the picture out of it"),
    (b"SQLite format 3", "a database", READ_BY_US),
    (b"\x7fELF", "a program", READ_BY_US),
    (b"AQ1:", "the text of a code", "Ask with `gate verify TEXT`, or give a picture of it"),
)
_RIFF = {b"AVI ": ("a video", _FRAME), b"WAVE": ("a sound", READ_BY_US)}
_MARKUP = re.compile(rb"<(svg|html|!doctype html|\?xml)", re.IGNORECASE)


def is_readable(head: bytes) -> bool:
    """Return whether a file that begins with `head` claims to be a picture of a kind that is read."""
    return (
        head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:1] == b"P" and head[1:2] in b"1234567f" and head[2:3].isspace())
    )


def name_kind(head: bytes) -> tuple[str, str]:
    """Return the kind of a file that begins with `head`, and what to do: ("a PDF document", "Save ...")."""
    if head[4:8] == b"ftyp":
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(len(head), 64), 4))]
        if b"avif" in brands or b"avis" in brands:
            return _BRANDS[b"avi"]
        if head[8:10] == b"mi" and any(brand.startswith((b"hei", b"hev")) for brand in brands):
            return _BRANDS[b"hei"]
        return _BRANDS.get(head[8:11], ("a video", _FRAME))
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    for beginning, what, todo in _BEGINNINGS:
        if head.startswith(beginning):
            return what, todo
    if b"%PDF-" in head[:1024]:
        return _BEGINNINGS[0][1:]
    if head[:1] == b"\x47" and head[188:189] == b"\x47":
        return "a video", _FRAME
    if found := _MARKUP.search(head[:1024].lstrip(b"\xef\xbb\xbf")):
        if b"<svg" in head.lower():
            return "an SVG drawing", "Export it as PNG"
        return ("a web page" if found[1].lower() != b"?xml" else "an XML document"), READ_BY_US
    if _is_text(head):
        return "text", READ_BY_US
    return "not a picture", READ_BY_US


def _is_text(head: bytes) -> bool:
    try:
        text = head[: HEAD - 4].decode()
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\t\r\n\f" for char in text)
