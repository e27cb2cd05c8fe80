"""`gate authority` as an operator uses it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import cv2
import pytest
from click.testing import Result

from gate.authority.authority import Authority
from gate.cli.authority import authority
from gate.core.model import Claims
from gate.core.trust import parse_trust
from gate.errors import GateError
from gate.passes.verifier import Verifier
from gate.store import status_wire as wire
from gate.store.documents import TRUST
from tests.commands.inside import invoke
from tests.commands.process import run_gate
from tests.publications import fetched
from tests.qr_codes import read_qr_codes

START = 1_800_000_000
AT = ["--at", str(START)]


def run(*arguments: object, stdin: str | None = None) -> Result:
    result = invoke(authority, [str(argument) for argument in arguments], given=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception  # a GateError: gate.cli.main makes its line of it
    return result


def gate(*arguments: object) -> subprocess.CompletedProcess[str]:
    return run_gate("authority", *arguments, strict=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An authority with one issuer and two people."""
    made = tmp_path / "authority"
    run("init", made)
    run("add-issuer", made, "ashyq", "--name", "kk=Ашық", "--name", "en=Ashyq", *AT)
    run("import", made, "-", stdin="person,status\n990101300123,green\n880202400234,blue\n")
    return made


def check(folder: Path, text: str, at: int = START, venue: str | None = None) -> Claims:
    """As a gate would, with what was published."""
    return Verifier(parse_trust((folder / TRUST).read_bytes()), venue=venue).verify(text, at)


def test_from_nothing_to_a_pass_that_verifies(tmp_path: Path) -> None:
    folder, csv = tmp_path / "authority", tmp_path / "statuses.csv"
    csv.write_text("idx,status\n7,green\n8,red\n")
    assert gate("init", folder).returncode == 0
    assert gate("add-issuer", folder, "ashyq", "--name", "kk=Ашық", "--max-lifetime", "24h").returncode == 0
    assert gate("import", folder, csv).stdout == "2 rows imported; 2 of 9 places are listed\n"
    published = gate("publish", folder, "--json")
    head = wire.Head.parse(published.stdout)
    assert head == fetched(folder / "public", folder / "root.json", head.as_of)[0]
    issued = gate("issue", folder, "--issuer", "ashyq", "--idx", 7, "--status", "green")
    assert (issued.returncode, issued.stderr) == (0, "")
    claims = check(folder, issued.stdout.removesuffix("\n"), at=head.as_of + 60)
    assert claims.status is not None
    assert (claims.idx, claims.status.colour, claims.issuer) == (7, "green", "ashyq")
    assert claims.expires_at - claims.issued_at == 12 * 3600


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["publish", "none"], 2, "gate: none is not an authority. Make one with `gate authority init none`"),
        (["import", "a", "none.csv"], 2, "none.csv"),
        (["import", "a", "bad.csv"], 1, "gate: 22 bad rows, the first: line 2"),
        (["issue", "a", "--issuer", "ashyq", "--idx", "1", "--status", "green", "--lifetime", "25h"], 2, "cannot live"),
        (["issue", "a", "--issuer", "ashyq", "--idx", "1", "--status", "purple"], 2, "purple"),
        (["issue", "a", "--issuer", "ashyq", "--idx", "1", "--status", "red", "--lifetime", "5"], 2, "duration"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(
    arguments: list[str], code: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("init", "a")
    run("add-issuer", "a", "ashyq", *AT)
    Path("bad.csv").write_text("idx,status\n" + "1,purple\n" * 22)
    done = gate(*arguments)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (code, "")
    assert says in lines[-1]
    if "bad.csv" not in arguments:
        assert len(lines) == 1
    else:  # every bad row first, then what came of it
        assert [line.split(":")[1] for line in lines[:20]] == [f" line {number}" for number in range(2, 22)]
        assert lines[20:-1] == ["bad.csv: and 2 more"]


def test_every_command_has_an_example() -> None:
    for name, command in authority.commands.items():
        shown = run(name, "--help").stdout
        assert re.search(rf"Examples?.*:\n( +.*\n)*? +gate authority {name} ", shown), name
        assert all(option.help for option in command.params if isinstance(option, click.Option)), name


def test_a_person_is_found_by_their_id(folder: Path) -> None:
    run("publish", folder, "--ahead", *AT)
    issued = run("issue", folder, "--issuer", "ashyq", "--person", "880202400234", "--status", "blue", "--json", *AT)
    other = run("issue", folder, "--issuer", "ashyq", "--person", "990101300123", "--status", "green", "--json", *AT)
    row = json.loads(issued.stdout)
    assert row.pop("qr").startswith("AQ1:")
    assert {row.pop("idx"), json.loads(other.stdout)["idx"]} == {0, 1}
    assert row == {
        "issuer": "ashyq",
        "status": "blue",
        "bound": False,
        "issued_at": START,
        "expires_at": START + 43200,
    }
    with pytest.raises(GateError, match="no place in the status list") as error:
        run("issue", folder, "--issuer", "ashyq", "--person", "770707700777", "--status", "blue")
    assert "770707700777" not in str(error.value)
    for whose in ([], ["--idx", "1", "--person", "880202400234"]):
        with pytest.raises(GateError, match="is needed"):
            run("issue", folder, "--issuer", "ashyq", *whose, "--status", "blue")


def test_a_pass_that_most_gates_refuse_is_remarked_on(folder: Path) -> None:
    issued = run("issue", folder, "--issuer", "ashyq", "--idx", 99, "--status", "blue", *AT)
    assert issued.stdout.count("\n") == 1
    assert "place 99 is unlisted" in issued.stderr


def test_pictures_hold_the_very_text(folder: Path, tmp_path: Path) -> None:
    png, svg = tmp_path / "pass.png", tmp_path / "pass.svg"
    for paper in ([], ["--paper"]):
        issued = run(
            "issue",
            folder,
            "--issuer",
            "ashyq",
            "--idx",
            1,
            "--status",
            "blue",
            "--png",
            png,
            "--svg",
            svg,
            *paper,
            *AT,
        )
        (found,) = read_qr_codes(cv2.imread(str(png)))
        assert found + "\n" == issued.stdout
    assert svg.read_text().startswith("<?xml")


def test_a_bound_pass_lives_in_a_wallet(folder: Path, tmp_path: Path) -> None:
    run("publish", folder, "--ahead", *AT)
    wallet = tmp_path / "phone.wallet"
    issue = ["issue", folder, "--issuer", "ashyq", "--idx", 1, "--status", "blue", "--wallet", wallet]
    first = run(*issue, *AT)
    assert check(folder, first.stdout.removesuffix("\n")).bound
    key = json.loads(wallet.read_text())["holder_key"]
    run(*issue, "--at", START + 100)  # renewed: the phone keeps its key
    assert json.loads(wallet.read_text())["holder_key"] == key
    shown = run("present", wallet, "--audience", "ala-t2", "--at", START + 200).stdout.removesuffix("\n")
    claims = check(folder, shown, at=START + 190, venue="ala-t2")
    assert (claims.presented_at, claims.issued_at) == (START + 200, START + 100)


def test_a_wallet_is_named_after_its_place(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    issued = run("issue", folder, "--issuer", "ashyq", "--idx", 1, "--status", "blue", "--bound", *AT)
    assert "gate authority present pass-1.wallet" in issued.stderr
    assert run("present", "pass-1.wallet", *AT).stdout == issued.stdout


def test_following_renews_the_code_until_ctrl_c(folder: Path, tmp_path: Path) -> None:
    run("publish", folder, "--ahead", *AT)
    wallet = tmp_path / "phone.wallet"
    run("issue", folder, "--issuer", "ashyq", "--idx", 1, "--status", "blue", "--wallet", wallet, *AT)
    command = [sys.executable, "-m", "gate", "authority", "present", str(wallet), "--follow", "--every", "600ms", *AT]
    seen: list[int | None] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as phone:
        assert phone.stdout is not None
        assert phone.stderr is not None
        for _ in range(3):
            text = phone.stdout.readline().removesuffix("\n")
            seen.append(check(folder, text, at=START + 1).presented_at)
        phone.send_signal(signal.SIGINT)
        assert phone.wait(timeout=30) == 0
        assert phone.stderr.read() == ""
    assert seen[0] == START
    assert None not in seen
    assert len(set(seen)) >= 2


def test_a_terminal_is_shown_the_code_itself(folder: Path) -> None:
    """And a pipe its text: see the tests above."""
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "gate", "authority", "issue", str(folder), "--issuer", "ashyq", "--idx", "1"]
    with subprocess.Popen([*command, "--status", "blue", *AT], stdout=secondary) as issuing:
        os.close(secondary)
        drawn = b""
        try:
            while piece := os.read(primary, 65536):
                drawn += piece
        except OSError:  # how Linux says that the other end is closed
            pass
        assert issuing.wait(timeout=30) == 0
    os.close(primary)
    assert b"AQ1:" not in drawn
    assert "█▄▄▄█".encode() in drawn
    assert drawn.count(b"\x1b[38;5;231;48;5;16m") == len(drawn.splitlines())


def test_revoking_a_person_and_a_key(folder: Path) -> None:
    kid = json.loads(run("rotate", folder, "--issuer", "ashyq", "--json", *AT).stdout)["kid"]
    run("revoke", folder, "--idx", Authority.open(folder).place_of("990101300123"))
    run("revoke", folder, "--person", "880202400234")
    run("revoke", folder, "--key", kid, *AT)
    head = wire.Head.parse(run("publish", folder, "--json", "--ahead", *AT).stdout)
    _, nibbles, documents = fetched(folder / "public", folder / "root.json", START)
    assert (head.size, nibbles) == (2, b"\x55")
    trust = parse_trust(documents[TRUST])
    assert [key.revoked for key in trust.keys.values()] == [False, True]
    with pytest.raises(GateError, match="Give one of them"):
        run("revoke", folder, "--key", kid, "--idx", 0)


def test_publishing_to_another_folder(folder: Path, tmp_path: Path) -> None:
    said = run("publish", folder, "--to", tmp_path / "www", "--ahead", *AT).stdout
    assert said == (
        f"list version 1 of 2027-01-15 08:00:00 +00:00 is in {tmp_path / 'www'}: 2 of 2 places are listed\n"
    )
    assert not (folder / "public").exists()


def test_an_empty_list_is_remarked_on(tmp_path: Path) -> None:
    run("init", tmp_path / "a")
    run("add-issuer", tmp_path / "a", "ashyq", *AT)
    assert "names nobody" in run("publish", tmp_path / "a", "--ahead", *AT).stderr


def test_a_name_needs_its_language(tmp_path: Path) -> None:
    run("init", tmp_path / "a")
    with pytest.raises(GateError, match="LANG=NAME"):
        run("add-issuer", tmp_path / "a", "ashyq", "--name", "Ashyq")
