"""Whether the network keeps the clock right: read, shown, believed by nothing."""

from pathlib import Path

import pytest

from gate.runtime import ntp
from gate.runtime.ntp import Ntp, judge, read_ntp


@pytest.mark.parametrize(
    ("state", "status", "answer"),
    [
        (0, 0x2001, Ntp.SYNCHRONISED),
        (1, 0x2011, Ntp.SYNCHRONISED),  # a leap second is near
        (5, 0x0040, Ntp.NOT_SYNCHRONISED),
        (0, 0x0040, Ntp.NOT_SYNCHRONISED),
        (5, 0x0000, Ntp.NOT_SYNCHRONISED),
        (-1, 0, Ntp.UNKNOWN),
    ],
)
def test_what_the_kernel_says(state: int, status: int, answer: Ntp) -> None:
    assert judge(state, status) is answer


def test_the_kernel_of_this_machine_answers_and_nothing_is_set() -> None:
    assert read_ntp() in Ntp


def test_where_the_kernel_may_not_be_asked_timesyncd_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ntp, "_ask_kernel", lambda: Ntp.UNKNOWN)
    folder = tmp_path / "timesync"
    assert read_ntp(folder) is Ntp.UNKNOWN  # chrony, or nothing at all
    folder.mkdir()
    assert read_ntp(folder) is Ntp.NOT_SYNCHRONISED
    (folder / "synchronized").touch()
    assert read_ntp(folder) is Ntp.SYNCHRONISED
