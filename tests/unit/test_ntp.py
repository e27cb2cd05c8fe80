"""Whether the network keeps the clock right: read, shown, believed by nothing."""

import socket
import threading
from pathlib import Path

import pytest

from gate.core.trusted_time import Ntp
from gate.runtime import ntp
from gate.runtime.ntp import judge, query_chrony, read_ntp


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
    monkeypatch.setattr(ntp, "_query_kernel", lambda: Ntp.UNKNOWN)
    folder, nobody = tmp_path / "timesync", 9  # discard: no chronyd
    assert read_ntp(folder, nobody) is Ntp.UNKNOWN
    folder.mkdir()
    assert read_ntp(folder, nobody) is Ntp.NOT_SYNCHRONISED
    (folder / "synchronized").touch()
    assert read_ntp(folder, nobody) is Ntp.SYNCHRONISED


HEAD = "06 02 0000 0021 0005 0000 0000 0000 0000 00000001 00000000 00000000"
NETWORK, NOWHERE, ITSELF = "C0000201", "00000000", "7F7F0101"


def tracked(reference: str, leap: str, head: str = HEAD) -> bytes:
    """An answer of chronyd 4.3 to `chronyc tracking`, as it was recorded but for these."""
    return bytes.fromhex(f"{head} {reference} {'00' * 16} 0001 0000 000A {leap} {'00' * 48}")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (tracked(NETWORK, "0000"), Ntp.SYNCHRONISED),
        (tracked(NETWORK, "0001"), Ntp.SYNCHRONISED),  # a leap second is due
        (tracked(NOWHERE, "0003"), Ntp.NOT_SYNCHRONISED),
        (tracked(ITSELF, "0000"), Ntp.NOT_SYNCHRONISED),  # `local stratum 10`, and no network
        (tracked(NETWORK, "0000", HEAD.replace("00000001", "00000002")), Ntp.UNKNOWN),
        (tracked(NETWORK, "0000", HEAD.replace("0005 0000", "0005 0002")), Ntp.UNKNOWN),
        (tracked(NETWORK, "0000")[:-1], Ntp.UNKNOWN),
        (b"", Ntp.UNKNOWN),
    ],
)
def test_chronyd_is_asked_where_the_kernel_may_not_be(answer: bytes, found: Ntp) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chronyd:
        chronyd.bind(("127.0.0.1", 0))

        def serve() -> None:
            request, asker = chronyd.recvfrom(1024)
            if len(request) >= 104:  # a shorter one is not answered
                chronyd.sendto(answer, asker)

        thread = threading.Thread(target=serve)
        thread.start()
        assert query_chrony(chronyd.getsockname()[1]) is found
        thread.join()


def test_without_chronyd_nothing_is_known() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert query_chrony(port) is Ntp.UNKNOWN
