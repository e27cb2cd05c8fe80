"""The doctor on the pages of staff."""

import socket
from pathlib import Path

import pytest

from gate.desk.certificate import own_identity
from gate.doctor import desk as checked
from gate.doctor.desk import desk
from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark
from gate.runtime.clock import SystemClock
from gate.wiring import fit
from tests.unit.configurations import LEAST, load

HASH = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$ZH4cHkmEvcpQ6LpWIKUOQHtyXUkdqtH4TMSZPEiiCSE"
USER = f'[[desk.user]]\nname = "07"\nrole = "guard"\npin = "{HASH}"\n'


def lines(folder: Path, table: str) -> list[CheckLine]:
    state = f'[device]\nstate_dir = "{folder}"'
    settings = load(folder, LEAST.replace("[device]", state, 1) + f"[desk]\n{table}\n")
    return list(desk(ExaminedGate(folder / "gate.toml", settings, fit(settings), root=folder)))


def test_a_gate_without_a_desk_has_no_line(tmp_path: Path) -> None:
    assert lines(tmp_path, "") == []


def test_a_desk_that_answers_and_one_that_does_not(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        listen = f'listen = "127.0.0.1:{there.getsockname()[1]}"\n'
        assert [line.state for line in lines(tmp_path, listen + USER)] == [Mark.PASS]
    assert [line.state for line in lines(tmp_path, listen + USER)] == [Mark.WARN]


def test_a_desk_that_nobody_can_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines(tmp_path, 'listen = "127.0.0.1:1"')
    assert (line.state, "gate desk pin" in (line.advice or "")) == (Mark.FAIL, True)
    monkeypatch.setattr(checked, "_NEEDS", ("limits", "a_package_that_is_not_there"))
    (line,) = lines(tmp_path, 'listen = "127.0.0.1:1"\n' + USER)
    assert (line.state, "--with desk" in (line.advice or "")) == (Mark.FAIL, True)


@pytest.mark.parametrize(("days_ago", "state"), [(0, Mark.PASS), (390, Mark.WARN), (500, Mark.FAIL)])
def test_how_long_its_certificate_lasts(tmp_path: Path, days_ago: int, state: Mark) -> None:
    (tmp_path / "desk").mkdir()
    own_identity(tmp_path / "desk", ["localhost"], "a", SystemClock().now() - days_ago * 86400)
    found = lines(tmp_path, 'listen = "127.0.0.1:1"\ntls = "self"\n' + USER)
    assert [line.state for line in found][1:] == [state]


def test_a_certificate_of_ones_own_that_is_missing(tmp_path: Path) -> None:
    found = lines(tmp_path, 'listen = "127.0.0.1:1"\ncert = "a.crt"\nkey = "a.key"\n' + USER)
    assert [line.state for line in found][1:] == [Mark.FAIL]
