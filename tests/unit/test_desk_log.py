"""The log of the gate's units on the technician's page: without secrets and people, whatever journald holds."""

import json
from pathlib import Path

import pytest

from gate.desk.technician.unit_log import lines_of, read_log
from gate.errors import DeviceError
from gate.settings.redaction import Redaction

SIEVE = Redaction({"barrier": {"password": "s3cret-word"}})


def row(message: object, **more: object) -> bytes:
    entry = {
        "MESSAGE": message,
        "PRIORITY": "4",
        "_SYSTEMD_UNIT": "gate.service",
        "__REALTIME_TIMESTAMP": "1800000000123456",
    }
    return json.dumps(entry | more).encode() + b"\n"


def test_a_line_has_time_unit_level_and_text_without_secrets() -> None:
    raw = (
        row("s3cret-word of 900101300123 showed AQ1:ABC DEF 123") + row([206, 187], PRIORITY="2") + b"no json\n{}\n[]\n"
    )
    first, second = lines_of(raw, SIEVE)
    assert (first.at, first.unit, first.level) == (1800000000.123456, "gate", "warning")
    assert first.text == "[hidden] of [12 digits] showed [pass]"
    assert (second.text, second.level) == ("λ", "error")


async def test_only_the_gates_units_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "journalctl"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {tmp_path}/answer\n')
    tool.chmod(0o755)
    (tmp_path / "answer").write_bytes(row("ready"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (line,) = await read_log("warning; rm -rf /", 10**9, SIEVE)
    assert line.text == "ready"
    asked = (tmp_path / "asked").read_text().split()
    assert asked[-4:] == ["--since", "-24h", "-u", "gate*"]
    assert asked[asked.index("-p") + 1] == "6"


async def test_without_the_right_to_read_it_the_advice_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "journalctl"
    tool.write_text("#!/bin/sh\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(DeviceError, match="SupplementaryGroups"):
        await read_log("info", 24, SIEVE)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(DeviceError, match="no journal of systemd"):
        await read_log("info", 24, SIEVE)
