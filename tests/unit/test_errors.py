"""Errors of others, told in words."""

import errno

import pytest
from serial import SerialException

from gate.errors import in_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"), "No such file or directory"),
        (SerialException("write failed: [Errno 5] Input/output error"), "write failed: Input/output error"),
        (
            SerialException(25, "Could not configure port: (25, 'Inappropriate ioctl for device')"),
            "Could not configure port: Inappropriate ioctl for device",
        ),
        (ValueError(), "ValueError"),
        (TimeoutError("timed out"), "timed out"),
    ],
)
def test_no_number_and_no_tuple_of_the_system_is_shown(error: Exception, words: str) -> None:
    assert in_words(error) == words
