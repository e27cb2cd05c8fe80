"""Decompression with a cap: a text of 4,000 characters could otherwise become megabytes (RFC 1950, RFC 1951)."""

import zlib

MOST = 64 * 1024  # bytes: twenty times the largest certificate of the public test suites

RAW, ZLIB = -zlib.MAX_WBITS, zlib.MAX_WBITS


def inflate(data: bytes, wbits: int, most: int = MOST) -> bytes:
    """Return what was compressed.  Raises ValueError for damage, for more than `most` bytes, and for bytes after the
    end."""
    stream = zlib.decompressobj(wbits)
    try:
        plain = stream.decompress(data, most + 1)
    except zlib.error:
        raise ValueError("compression that is damaged") from None
    if len(plain) > most:
        raise ValueError(f"more than {most} bytes once decompressed")
    if not stream.eof:
        raise ValueError("compression that ends too early")
    if stream.unused_data:
        raise ValueError("bytes after the end of what was compressed")
    return plain
